# Runs scripts for Vivado under plain Tcl: every command of Vivado that they use is bound to one that notes its call
# and answers with something plausible. What Vivado would say to it is judged by check.py, which reads the notes.
#
#   tclsh recorder.tcl ANSWERS NOTES SCRIPT...
#
# ANSWERS is a Tcl dictionary: version, board_parts, parts, segments, inferred, properties. Each note is a line of
# words, separated by the character 31: command, options as -name and value, other words after an equals sign.

# In a namespace of its own: the scripts have global variables.
namespace eval recorder {
    variable project "" design ""
    variable channel [open [lindex $argv 0]]
    variable answers [read $channel]
    close $channel
    variable notes [open [lindex $argv 1] w]
    fconfigure $notes -encoding utf-8
}

# Options of each command: 1 for one with a value. Anything else stops the script, as it would stop Vivado.
set recorder::commands {
    add_files {-fileset 1 -norecurse 0}
    apply_bd_automation {-rule 1 -config 1}
    assign_bd_address {-offset 1 -range 1 -target_address_space 1 -force 0}
    close_project {}
    connect_bd_intf_net {-intf_net 1}
    connect_bd_net {-net 1}
    create_bd_cell {-type 1 -vlnv 1}
    create_bd_design {}
    create_bd_port {-dir 1 -type 1 -from 1 -to 1}
    create_project {-force 0 -part 1}
    current_design {}
    current_fileset {}
    current_project {}
    exclude_bd_addr_seg {-target_address_space 1}
    generate_target {}
    get_bd_addr_segs {-quiet 0}
    get_bd_addr_spaces {-quiet 0}
    get_bd_cells {-quiet 0}
    get_bd_intf_pins {-quiet 0}
    get_bd_pins {-quiet 0}
    get_bd_ports {-quiet 0}
    get_board_parts {-quiet 0 -latest_file_version 0}
    get_cells {-hierarchical 0 -filter 1 -quiet 0}
    get_files {-quiet 0}
    get_ipdefs {-all 0}
    get_parts {-quiet 0}
    get_ports {-quiet 0}
    get_property {}
    get_runs {}
    launch_runs {-jobs 1 -to_step 1}
    make_wrapper {-files 1 -top 0 -import 0}
    open_run {}
    regenerate_bd_layout {}
    report_power {-file 1}
    report_timing_summary {-max_paths 1 -file 1}
    report_utilization {-hierarchical 0 -file 1}
    save_bd_design {}
    set_false_path {-from 1 -to 1}
    set_property {-dict 1}
    update_compile_order {-fileset 1}
    update_ip_catalog {-rebuild 0}
    validate_bd_design {}
    version {-short 0}
    wait_on_run {}
    write_bitstream {-force 0}
    ipx::add_address_block {}
    ipx::add_address_space {}
    ipx::add_bus_parameter {}
    ipx::add_memory_map {}
    ipx::create_xgui_files {}
    ipx::current_core {}
    ipx::get_address_blocks {-quiet 0 -of_objects 1}
    ipx::get_address_spaces {-quiet 0 -of_objects 1}
    ipx::get_bus_interfaces {-quiet 0 -of_objects 1}
    ipx::get_bus_parameters {-quiet 0 -of_objects 1}
    ipx::get_memory_maps {-quiet 0 -of_objects 1}
    ipx::infer_bus_interface {}
    ipx::infer_bus_interfaces {}
    ipx::package_project {-root_dir 1 -vendor 1 -library 1 -taxonomy 1 -import_files 0 -set_current 1 -force 0}
    ipx::save_core {}
    ipx::update_checksums {}
}

namespace eval ipx {}

proc recorder::note {words} {
    puts $::recorder::notes [string map [list \n " "] [join $words \x1f]]
}

# Writes a file as the command that makes it would.
proc recorder::leave {path} {
    file mkdir [file dirname $path]
    close [open $path w]
}

proc recorder::dispatch {command known arguments} {
    set options {}
    set words {}
    for {set index 0} {$index < [llength $arguments]} {incr index} {
        set word [lindex $arguments $index]
        if {[regexp {^-[a-z]} $word]} {
            if {![dict exists $known $word]} {
                note [list unknown_option =$command =$word]
                error "$command has no option $word"
            }
            if {[dict get $known $word]} {
                dict set options $word [lindex $arguments [incr index]]
            } else {
                dict set options $word ""
            }
        } else {
            lappend words $word
        }
    }
    if {$command eq "set_property" && [dict exists $options -dict]} {
        # Without -dict the first two words are name and value.
        foreach {name value} [dict get $options -dict] {
            note [list set_property =$name =$value =[lindex $words 0]]
        }
        return ""
    }
    set noted [list $command]
    dict for {name value} $options {
        lappend noted $name $value
    }
    foreach word $words {
        lappend noted =$word
    }
    note $noted
    return [answer $command $options $words]
}

# The objects of *kind* whose names fit the pattern.
proc recorder::fitting {kind pattern} {
    return [lsearch -all -inline -glob [dict get $::recorder::answers $kind] $pattern]
}

proc recorder::answer {command options words} {
    set word [lindex $words 0]
    switch -- $command {
        version { return [dict get $::recorder::answers version] }
        get_parts { return [fitting parts $word] }
        get_board_parts { return [fitting board_parts $word] }
        get_bd_addr_segs { return [fitting segments $word] }
        get_ipdefs { return [string map {* 1} $word] }
        get_property {
            if {[dict exists $::recorder::answers properties $word]} {
                return [dict get $::recorder::answers properties $word]
            }
            return ""
        }
        create_project {
            set ::recorder::project [file join [lindex $words 1] $word]
            return $word
        }
        create_bd_design {
            set ::recorder::design $word
            return $word
        }
        create_bd_cell - create_bd_port - get_bd_cells - get_bd_pins - get_bd_intf_pins - get_bd_ports -
        get_bd_addr_spaces - get_cells - get_ports - get_files - get_runs { return $words }
        generate_target {
            leave $::recorder::project.gen/sources_1/bd/$::recorder::design/hw_handoff/$::recorder::design.hwh
            return ""
        }
        write_bitstream { leave $word }
        report_power - report_timing_summary - report_utilization { leave [dict get $options -file] }
        ipx::get_bus_interfaces { return [fitting inferred $word] }
        ipx::infer_bus_interface {
            dict lappend ::recorder::answers inferred $word
            return $word
        }
        ipx::infer_bus_interfaces {
            dict lappend ::recorder::answers inferred {*}[dict get $::recorder::answers inferable]
            return ""
        }
        ipx::get_bus_parameters {
            set owned [dict get $options -of_objects]/$word
            return [expr {[dict get $::recorder::answers thorough] ? $owned : ""}]
        }
        ipx::get_address_spaces - ipx::get_memory_maps {
            return [expr {[dict get $::recorder::answers thorough] ? $word : ""}]
        }
        ipx::get_address_blocks { return [expr {[dict get $::recorder::answers thorough] ? "reg0" : ""}] }
        ipx::add_bus_parameter { return [lindex $words 1]/$word }
        ipx::add_memory_map - ipx::add_address_block - ipx::add_address_space {
            return $word
        }
        ipx::current_core { return component }
        current_project - current_fileset - current_design { return $command }
        default { return "" }
    }
}

foreach {command known} $recorder::commands {
    proc $command {args} "recorder::dispatch $command {$known} \$args"
}

proc unknown {command args} {
    recorder::note [list unknown_command =$command]
    error "there is no command $command"
}

rename exit leave_tcl
proc exit {{code 0}} {
    recorder::note [list exit =$code]
    close $::recorder::notes
    leave_tcl $code
}

rename source read_script
proc source {path} {
    recorder::note [list source =$path]
    uplevel 1 [list read_script $path]
}

foreach script [lrange $argv 2 end] {
    if {[catch {uplevel #0 [list source $script]} message]} {
        recorder::note [list failed =$message]
        puts stderr $message
        exit 1
    }
}
exit 0
