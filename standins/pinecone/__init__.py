"""One Pinecone index on loopback: vectors by namespace, questions with filters, deletions, and a lag when told so."""
