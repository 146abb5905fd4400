"""Text becomes toponyms, and toponyms become places."""
