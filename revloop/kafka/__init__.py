"""A real Apache Kafka on one machine, and the topics any Kafka must have."""
