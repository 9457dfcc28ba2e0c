"""What leaves the house: which rule decides, the outbox, and who hands it over. The only writers of Delivery."""
