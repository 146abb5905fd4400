"""News on the map: finds the places in articles, works out which they are, and draws them."""
