"""What a fit gives: draws, tables, intervals, files."""
