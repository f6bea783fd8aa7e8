"""Taking recordings in from appliances."""
