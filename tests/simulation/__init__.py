"""A campaign of invented communes, played through the whole program and checked against a model."""
