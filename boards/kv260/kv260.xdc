# No pins: the carrier has no light for the programmable logic, and everything else goes through the processor.
# The device switches itself off before it gets too hot. Source: AMD UG908, settings of a bitstream.
set_property BITSTREAM.CONFIG.OVERTEMPSHUTDOWN ENABLE [current_design]
