"""What is particular to Japan: kana and names, bank files, calendar, registration numbers, postal codes."""
