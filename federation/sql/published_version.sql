SELECT version FROM latest
