"""What happens at the customers of the simulated company, day by day, and why."""
