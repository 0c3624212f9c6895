"""Files of strangers: what is in them, and may it be kept? Pure: bytes in, a media type or a refusal out."""
