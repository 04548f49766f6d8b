"""What `sam build` ships for each function, and how large it is."""
