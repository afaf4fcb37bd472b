# LED DS38 (GPIO_LED_0): lit while an interrupt of the core is pending.
# Source: AMD UG1267 (ZCU104 board user guide), table of the GPIO connections; bank 88 at 3.3 V.
set_property PACKAGE_PIN D5 [get_ports irq_led]
set_property IOSTANDARD LVCMOS33 [get_ports irq_led]
set_false_path -to [get_ports irq_led]
