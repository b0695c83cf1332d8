"""How is the model doing on what it is asked? Traffic is summed up by the hour, held against training, and no row is kept."""
