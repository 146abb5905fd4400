"""geopy geocoders: the offline gazetteer as one of them, online services behind it."""
