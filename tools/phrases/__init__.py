"""The phrase check: phrases that this project does not use, each with a replacement."""
