// Reports are printed: who imports this room means their text and JSON too.
@_exported import Printing
