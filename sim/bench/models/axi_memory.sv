// External memory for runs of whole networks: two AXI4 read ports (a, b) and a write port (w) on one byte array.
//
// It never needs Python: contents come from a file, settings from plusargs.
//
//   +memory=FILE       contents from address 0 on (otherwise zero); read at time 0 and whenever `load` rises
//   +dump=FILE         where the contents go when `dump` rises; +dump_base=N +dump_bytes=N pick a part
//   +latency=N         cycles from the accepted address (or last write beat) to the first RVALID (BVALID), at least 1
//   +bytes_per_cycle=N shared by the three ports, served in turn; 0 (default): one beat per port and cycle
//   +stall_percent=N   each ready and each new valid is withheld in that share of cycles, drawn from +stall_seed=N
//   +error_base=N +error_bytes=N   accesses to these addresses are answered with SLVERR and not carried out
//   +hang_after=N      after N beats (all ports) nothing is answered or accepted until `unhang` has been high
//   +window=FILE       for the first two of the commands below
//   +ddr4 ...          instead of +bytes_per_cycle: the timing of a DDR4 channel, see ddr4.sv; DATA_BITS up to 512
//
// A bench that learns at run time what to do gives a command: it is carried out once when `command` becomes other than 0.
//
//   1  reads FILE into `command_bytes` bytes from `command_base` on      4  hangs after `command_base` more beats
//   2  writes these bytes to FILE                                        5  wakes up, as `unhang`
//   3  makes them answer SLVERR, and no others                           6  writes the counters of the DDR4 channel
//
// Addresses at or above BYTES are answered with DECERR. IDs must be 0; cache and protection bits are ignored. What
// breaks a rule of AXI4 (4 KB, size, type, WLAST, a valid or payload that does not hold) stops the simulation with a
// message.
// Responses are in order within a port; QUEUE bursts may wait in each.

module axi_memory #(
    parameter int ADDRESS_BITS = 40,
    parameter int DATA_BITS = 128,
    parameter int BYTES = 1 << 20,
    parameter int QUEUE = 16
) (
    input  logic clk,
    input  logic rst,
    input  logic load,
    input  logic dump,
    input  logic unhang,
    input  logic [2:0] command = '0,
    input  logic [63:0] command_base = '0,
    input  logic [63:0] command_bytes = '0,
    output logic hung,
    output logic [63:0] beats_a,
    output logic [63:0] beats_b,
    output logic [63:0] beats_w,

    input  logic s_axi_a_arid,
    input  logic [ADDRESS_BITS-1:0] s_axi_a_araddr,
    input  logic [7:0] s_axi_a_arlen,
    input  logic [2:0] s_axi_a_arsize,
    input  logic [1:0] s_axi_a_arburst,
    input  logic [3:0] s_axi_a_arcache,
    input  logic [2:0] s_axi_a_arprot,
    input  logic s_axi_a_arvalid,
    output logic s_axi_a_arready,
    output logic s_axi_a_rid,
    output logic [DATA_BITS-1:0] s_axi_a_rdata,
    output logic [1:0] s_axi_a_rresp,
    output logic s_axi_a_rlast,
    output logic s_axi_a_rvalid,
    input  logic s_axi_a_rready,

    input  logic s_axi_b_arid,
    input  logic [ADDRESS_BITS-1:0] s_axi_b_araddr,
    input  logic [7:0] s_axi_b_arlen,
    input  logic [2:0] s_axi_b_arsize,
    input  logic [1:0] s_axi_b_arburst,
    input  logic [3:0] s_axi_b_arcache,
    input  logic [2:0] s_axi_b_arprot,
    input  logic s_axi_b_arvalid,
    output logic s_axi_b_arready,
    output logic s_axi_b_rid,
    output logic [DATA_BITS-1:0] s_axi_b_rdata,
    output logic [1:0] s_axi_b_rresp,
    output logic s_axi_b_rlast,
    output logic s_axi_b_rvalid,
    input  logic s_axi_b_rready,

    input  logic s_axi_w_awid,
    input  logic [ADDRESS_BITS-1:0] s_axi_w_awaddr,
    input  logic [7:0] s_axi_w_awlen,
    input  logic [2:0] s_axi_w_awsize,
    input  logic [1:0] s_axi_w_awburst,
    input  logic [3:0] s_axi_w_awcache,
    input  logic [2:0] s_axi_w_awprot,
    input  logic s_axi_w_awvalid,
    output logic s_axi_w_awready,
    input  logic [DATA_BITS-1:0] s_axi_w_wdata,
    input  logic [DATA_BITS/8-1:0] s_axi_w_wstrb,
    input  logic s_axi_w_wlast,
    input  logic s_axi_w_wvalid,
    output logic s_axi_w_wready,
    output logic s_axi_w_bid,
    output logic [1:0] s_axi_w_bresp,
    output logic s_axi_w_bvalid,
    input  logic s_axi_w_bready
);
    localparam int WORD = DATA_BITS / 8;
    localparam int SIZE = $clog2(WORD);
    localparam logic [1:0] OKAY = 2'b00, SLVERR = 2'b10, DECERR = 2'b11, INCR = 2'b01;

    // ---------------------------------------------------------------- contents and settings
    logic [7:0] bytes[BYTES];
    longint latency, rate, stall_percent, stall_seed, error_base, error_bytes, hang_after, dump_base, dump_bytes;
    string memory_file, dump_file, window_file;
    logic timed;  // by the DDR4 channel
    ddr4::Controller dram;

    task automatic read_file();
        int file, count;
        if ($value$plusargs("memory=%s", memory_file)) begin
            file = $fopen(memory_file, "rb");
            if (file == 0) $fatal(1, "axi_memory: cannot open +memory=%s", memory_file);
            count = $fread(bytes, file);
            if (count == BYTES && $fgetc(file) != -1)
                $fatal(1, "axi_memory: %s is longer than the memory of %0d bytes", memory_file, BYTES);
            $fclose(file);
        end
    endtask

    task automatic write_file();
        if (!$value$plusargs("dump=%s", dump_file)) $fatal(1, "axi_memory: dump rose without +dump=FILE");
        write_part(dump_file, dump_base, dump_bytes);
        if (timed) dram.statistics();
    endtask

    task automatic write_part(input string name, input longint base, input longint count);
        int file;
        if (base + count > BYTES) $fatal(1, "axi_memory: dump beyond the memory of %0d bytes", BYTES);
        file = $fopen(name, "wb");
        if (file == 0) $fatal(1, "axi_memory: cannot open %s for the dump", name);
        for (longint n = base; n < base + count; n++) $fwrite(file, "%c", bytes[n[31:0]]);
        $fclose(file);
    endtask

    task automatic read_part(input string name, input longint base, input longint count);
        int file, got;
        if (base + count > BYTES) $fatal(1, "axi_memory: load beyond the memory of %0d bytes", BYTES);
        file = $fopen(name, "rb");
        if (file == 0) $fatal(1, "axi_memory: cannot open %s for the load", name);
        got = $fread(bytes, file, base[31:0], count[31:0]);
        if (longint'(got) != count) $fatal(1, "axi_memory: %s has %0d bytes instead of %0d", name, got, count);
        $fclose(file);
    endtask

    task automatic obey();
        if (command <= 2 && !$value$plusargs("window=%s", window_file))
            $fatal(1, "axi_memory: command %0d without +window=FILE", command);
        case (command)
            1: read_part(window_file, command_base, command_bytes);
            2: write_part(window_file, command_base, command_bytes);
            3: begin
                error_base = command_base;
                error_bytes = command_bytes;
            end
            4: begin
                hang_after = served + command_base;
                released = 1'b0;
            end
            5: released = 1'b1;
            6: begin
                if (!timed) $fatal(1, "axi_memory: command 6 without +ddr4");
                dram.statistics();
            end
            default: $fatal(1, "axi_memory: there is no command %0d", command);
        endcase
    endtask

    initial begin
        if (!$value$plusargs("latency=%d", latency)) latency = 1;
        if (!$value$plusargs("bytes_per_cycle=%d", rate)) rate = 0;
        if (!$value$plusargs("stall_percent=%d", stall_percent)) stall_percent = 0;
        if (!$value$plusargs("stall_seed=%d", stall_seed)) stall_seed = 1;
        if (!$value$plusargs("error_base=%d", error_base)) error_base = 0;
        if (!$value$plusargs("error_bytes=%d", error_bytes)) error_bytes = 0;
        if (!$value$plusargs("hang_after=%d", hang_after)) hang_after = -1;
        if (!$value$plusargs("dump_base=%d", dump_base)) dump_base = 0;
        if (!$value$plusargs("dump_bytes=%d", dump_bytes)) dump_bytes = BYTES - dump_base;
        if (latency < 1) $fatal(1, "axi_memory: +latency must be at least 1, not %0d", latency);
        if (stall_percent < 0 || stall_percent > 95)
            $fatal(1, "axi_memory: +stall_percent must be in 0..95, not %0d", stall_percent);
        timed = $test$plusargs("ddr4") != 0;
        if (timed) begin
            if (WORD > ddr4::LINE) $fatal(1, "axi_memory: +ddr4 has at most 512 bits, not %0d", DATA_BITS);
            dram = new();
        end
        random = 32'(stall_seed) * 32'h9E3779B9 | 32'd1;
        read_file();
    end

    final if (timed) dram.statistics();

    // ---------------------------------------------------------------- chance and faults
    logic [31:0] random;
    longint served;
    logic released, stopped;

    function automatic logic stall();
        if (stall_percent == 0) return 1'b0;
        random = random ^ random << 13;
        random = random ^ random >> 17;
        random = random ^ random << 5;
        return longint'(random[30:8] % 100) < stall_percent;
    endfunction

    function automatic logic [1:0] response(input longint unsigned address);
        if (address >= 64'(BYTES)) return DECERR;
        if (address + WORD > error_base && address < error_base + error_bytes) return SLVERR;
        return OKAY;
    endfunction

    task automatic check_burst(input string port, input longint unsigned address, input logic [7:0] len,
                               input logic [2:0] size, input logic [1:0] burst, input logic id);
        if (64'(address[11:0]) + (64'(len) + 1) * WORD > 4096)
            $fatal(1, "axi_memory: %s burst of %0d beats at %h crosses 4 KB", port, 32'(len) + 1, address);
        if (32'(size) != SIZE) $fatal(1, "axi_memory: %s size %0d is not the bus width", port, size);
        if (id != 0) $fatal(1, "axi_memory: %s ID %0d is not 0", port, id);
        if (burst != INCR) $fatal(1, "axi_memory: %s burst type %0d is not INCR", port, burst);
        if (address % WORD != 0) $fatal(1, "axi_memory: %s address %h is not a multiple of %0d", port, address, WORD);
    endtask

    // ---------------------------------------------------------------- the ports as arrays
    logic [ADDRESS_BITS-1:0] araddr[2];
    logic [7:0] arlen[2];
    logic [2:0] arsize[2];
    logic [1:0] arburst[2];
    logic [1:0] arid, arvalid, arready, rlast, rvalid, rready;
    logic [DATA_BITS-1:0] rdata[2];
    logic [1:0] rresp[2];
    longint unsigned beats[3];

    assign araddr[0] = s_axi_a_araddr, araddr[1] = s_axi_b_araddr;
    assign arlen[0] = s_axi_a_arlen, arlen[1] = s_axi_b_arlen;
    assign arsize[0] = s_axi_a_arsize, arsize[1] = s_axi_b_arsize;
    assign arburst[0] = s_axi_a_arburst, arburst[1] = s_axi_b_arburst;
    assign arid = {s_axi_b_arid, s_axi_a_arid};
    assign s_axi_a_rid = 1'b0, s_axi_b_rid = 1'b0, s_axi_w_bid = 1'b0;
    assign arvalid = {s_axi_b_arvalid, s_axi_a_arvalid};
    assign rready = {s_axi_b_rready, s_axi_a_rready};
    assign {s_axi_b_arready, s_axi_a_arready} = arready;
    assign {s_axi_b_rvalid, s_axi_a_rvalid} = rvalid;
    assign {s_axi_b_rlast, s_axi_a_rlast} = rlast;
    assign s_axi_a_rdata = rdata[0], s_axi_b_rdata = rdata[1];
    assign s_axi_a_rresp = rresp[0], s_axi_b_rresp = rresp[1];

    // ---------------------------------------------------------------- state, all of it in one process
    longint unsigned cycle, tokens;
    int turn, port, next_turn;
    // Bursts waiting in each port (2 is the write port), oldest at `head`.
    longint unsigned address[3][QUEUE];
    longint unsigned due[2][QUEUE];
    logic [7:0] left[3][QUEUE];
    int head[3], waiting[3];
    // Write responses.
    logic [1:0] answer[QUEUE];
    longint unsigned answer_due[QUEUE];
    int answer_head, answers;
    logic [1:0] worst, now;
    // For the checks.
    logic [2:0] held;
    logic [ADDRESS_BITS+7:0] held_address[3];
    logic held_w, load_before, dump_before;
    logic [2:0] command_before;
    logic [DATA_BITS+DATA_BITS/8:0] held_word;

    function automatic int slot(input int first, input int offset);
        return (first + offset) % QUEUE;
    endfunction

    // A new burst of port p is noted.
    task automatic accept(input int p, input longint unsigned at, input logic [7:0] len);
        int n;
        n = slot(head[p], waiting[p]);
        address[p][n] = at;
        left[p][n] = len;
        if (p < 2) due[p][n] = cycle + latency;
        if (p < 2 && timed) dram.read(p, at, (64'(len) + 1) * WORD);
        waiting[p] = waiting[p] + 1;
    endtask

    // The oldest burst of port p moves on by one beat.
    task automatic advance(input int p);
        if (timed && (left[p][head[p]] == 0 || (address[p][head[p]] + WORD) % ddr4::LINE == 0))
            if (p < 2) dram.leave(p);
            else dram.write(address[p][head[p]]);
        address[p][head[p]] = address[p][head[p]] + WORD;
        if (left[p][head[p]] == 0) begin
            head[p] = slot(head[p], 1);
            waiting[p] = waiting[p] - 1;
        end else left[p][head[p]] = left[p][head[p]] - 1;
    endtask

    function automatic logic arrived(input int p);
        if (timed) return dram.arrived(p, cycle + 1, latency);
        return due[p][head[p]] <= cycle + 1;
    endfunction

    function automatic logic affordable();
        return rate == 0 || tokens >= WORD;
    endfunction

    task automatic pay();
        if (rate != 0) tokens = tokens - WORD;
        next_turn = (port + 1) % 3;
        served = served + 1;
    endtask

    // The next beat of read port p, if nothing speaks against it.
    task automatic serve_read(input int p);
        longint unsigned at;
        if (rready[p] || !rvalid[p]) begin
            if (waiting[p] > 0 && arrived(p) && !stopped && affordable() && !stall()) begin
                at = address[p][head[p]];
                now = response(at);
                for (int n = 0; n < WORD; n++) rdata[p][8*n+:8] <= now == OKAY ? bytes[at[31:0]+n] : 8'hEE;
                rresp[p] <= now;
                rlast[p] <= left[p][head[p]] == 0;
                rvalid[p] <= 1'b1;
                advance(p);
                pay();
            end else rvalid[p] <= 1'b0;
        end
    endtask

    task automatic take_word();
        longint unsigned at;
        at = address[2][head[2]];
        now = response(at);
        if (s_axi_w_wlast != (left[2][head[2]] == 0))
            $fatal(1, "axi_memory: w WLAST is %0d with %0d beats to come", s_axi_w_wlast, left[2][head[2]]);
        if (now == OKAY)
            for (int n = 0; n < WORD; n++) if (s_axi_w_wstrb[n]) bytes[at[31:0]+n] = s_axi_w_wdata[8*n+:8];
        if (now > worst) worst = now;
        if (s_axi_w_wlast) begin
            answer[slot(answer_head, answers)] = worst;
            answer_due[slot(answer_head, answers)] = cycle + latency;
            answers = answers + 1;
            worst = OKAY;
        end
        advance(2);
        beats[2] = beats[2] + 1;
    endtask

    task automatic check_held();
        for (int p = 0; p < 2; p++) begin
            if (held[p] && !(arvalid[p] && {araddr[p], arlen[p]} == held_address[p]))
                $fatal(1, "axi_memory: AR of port %0d changed before it was accepted", p);
            held[p] = arvalid[p] && !arready[p];
            held_address[p] = {araddr[p], arlen[p]};
        end
        if (held[2] && !(s_axi_w_awvalid && {s_axi_w_awaddr, s_axi_w_awlen} == held_address[2]))
            $fatal(1, "axi_memory: AW changed before it was accepted");
        held[2] = s_axi_w_awvalid && !s_axi_w_awready;
        held_address[2] = {s_axi_w_awaddr, s_axi_w_awlen};
        if (held_w && !(s_axi_w_wvalid && {s_axi_w_wlast, s_axi_w_wstrb, s_axi_w_wdata} == held_word))
            $fatal(1, "axi_memory: W changed before it was accepted");
        held_w = s_axi_w_wvalid && !s_axi_w_wready;
        held_word = {s_axi_w_wlast, s_axi_w_wstrb, s_axi_w_wdata};
    endtask

    always_ff @(posedge clk) begin
        if (load && !load_before) read_file();
        if (dump && !dump_before) write_file();
        if (command != 0 && command_before == 0) obey();
        command_before = command;
        load_before = load;
        dump_before = dump;
        cycle = cycle + 1;
        if (unhang) released = 1'b1;
        check_held();

        // What was transferred at this edge.
        for (int p = 0; p < 2; p++) begin
            if (rvalid[p] && rready[p]) beats[p] = beats[p] + 1;
            if (arvalid[p] && arready[p]) begin
                check_burst(p == 0 ? "a" : "b", 64'(araddr[p]), arlen[p], arsize[p], arburst[p], arid[p]);
                accept(p, 64'(araddr[p]), arlen[p]);
            end
        end
        if (s_axi_w_awvalid && s_axi_w_awready) begin
            check_burst("w", 64'(s_axi_w_awaddr), s_axi_w_awlen, s_axi_w_awsize, s_axi_w_awburst,
                        s_axi_w_awid);
            accept(2, 64'(s_axi_w_awaddr), s_axi_w_awlen);
        end
        if (s_axi_w_wready && s_axi_w_wvalid) take_word();
        else if (s_axi_w_wready) begin  // room was promised and not used
            served = served - 1;
            if (rate != 0) tokens = tokens + WORD;
        end

        if (timed) dram.step(cycle);

        // What is offered in the next cycle.
        stopped = hang_after >= 0 && served >= hang_after && !released;
        tokens = tokens + rate;
        if (tokens > 2 * rate + WORD && tokens > 2 * WORD) tokens = tokens - rate;
        next_turn = turn;
        s_axi_w_wready <= 1'b0;
        for (int n = 0; n < 3; n++) begin
            port = (turn + n) % 3;
            if (port < 2) serve_read(port);
            else if (waiting[2] > 0 && answers < QUEUE && !stopped && affordable() && (!timed || dram.room()) &&
                     !stall()) begin
                s_axi_w_wready <= 1'b1;
                pay();
            end
            stopped = hang_after >= 0 && served >= hang_after && !released;
        end
        turn = next_turn;
        hung <= stopped;
        beats_a <= beats[0];
        beats_b <= beats[1];
        beats_w <= beats[2];
        for (int p = 0; p < 2; p++) arready[p] <= waiting[p] < QUEUE && !stopped && !stall();
        s_axi_w_awready <= waiting[2] < QUEUE && !stopped && !stall();
        if (s_axi_w_bready || !s_axi_w_bvalid) begin
            s_axi_w_bvalid <= 1'b0;
            if (answers > 0 && answer_due[answer_head] <= cycle + 1 && !stopped && !stall()) begin
                s_axi_w_bvalid <= 1'b1;
                s_axi_w_bresp <= answer[answer_head];
                answer_head = slot(answer_head, 1);
                answers = answers - 1;
            end
        end

        if (rst) begin
            arready <= '0;
            rvalid <= '0;
            s_axi_w_awready <= 1'b0;
            s_axi_w_wready <= 1'b0;
            s_axi_w_bvalid <= 1'b0;
            for (int p = 0; p < 3; p++) begin
                head[p] = 0;
                waiting[p] = 0;
                beats[p] = 0;
            end
            answer_head = 0;
            answers = 0;
            worst = OKAY;
            held = '0;
            held_w = 1'b0;
            cycle = 0;
            tokens = 0;
            turn = 0;
            served = 0;
            released = 1'b0;
            if (timed) dram.reset();
        end
    end
endmodule
