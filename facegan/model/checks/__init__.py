"""What strangers' files may hold, looked at before anything opens them."""
