"""The commands of `dlkit`, by who types them; cli.py loads the one that is asked for."""
