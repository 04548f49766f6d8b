"""Deploys the stack to AWS: asks, checks, shows the changes, and prints what an app needs to sign in."""
