SELECT newest.period, months.periods, latest.version FROM newest CROSS JOIN months CROSS JOIN latest
