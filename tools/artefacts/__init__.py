"""Files that are made from the sources: the Lambda packages, their table of sizes, and docs/parameters.md."""
