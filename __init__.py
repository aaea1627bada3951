"""ponder: language models that think before they answer."""
