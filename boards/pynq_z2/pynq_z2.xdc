# LED LD0: lit while an interrupt of the core is pending.
# Source: TUL, PYNQ-Z2 reference manual, table of the basic I/O; the constraints file that comes with the board.
set_property PACKAGE_PIN R14 [get_ports irq_led]
set_property IOSTANDARD LVCMOS33 [get_ports irq_led]
set_false_path -to [get_ports irq_led]
