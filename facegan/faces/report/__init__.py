"""What was used and what was not, as report.json, report.html and pictures."""
