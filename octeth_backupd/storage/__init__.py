"""Storage backends: where archives are kept."""
