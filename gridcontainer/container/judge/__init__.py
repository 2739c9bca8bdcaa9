"""Raw rows to judged rows: position, cell, time, and one reason or none."""
