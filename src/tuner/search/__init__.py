"""The search: proposes settings and decides between them; never measures itself."""
