"""The container's jobs and codes for a person at a terminal."""
