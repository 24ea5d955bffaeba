"""The Hub: the repository a model goes to, the commit, the push, and the Space."""
