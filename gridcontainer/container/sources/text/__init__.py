"""Text in any encoding: opened, cut into records, decoded, its bad bytes found, split in ranges."""
