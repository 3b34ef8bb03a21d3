"""Workbooks (xlsx, ods) and CSV files as spreadsheets save them: read into submissions, and written for people."""
