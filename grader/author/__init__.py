"""For authors: `dlkit dev new`, `dlkit dev check`, `dlkit dev mutate`."""
