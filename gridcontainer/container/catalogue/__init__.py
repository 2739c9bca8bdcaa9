"""What the container holds, described for people."""
