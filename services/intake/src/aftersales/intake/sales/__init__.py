"""Sales of products: archive them with owner and entitlements, and check them against recalls."""
