"""What Trellis is measured against: plain DRF, djangorestframework-api-key and DRF's throttle."""
