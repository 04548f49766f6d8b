"""Mutation testing of the token service and of the sign-in (`make mutants`)."""
