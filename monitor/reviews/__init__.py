"""Reviews: a random sample of answered calls, listened to by people who say how the caller was greeted and helped."""
