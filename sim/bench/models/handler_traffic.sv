// Plays lists of jobs on the five clients of a memory handler in front of axi_memory, as fast as both can: clients
// take every beat at once and always have a word to write. Python wakes at the start and at the end only.
//
//   +jobs=FILE   lines "client address beats": clients 0..3 read, 4 writes
//
// Every word that is read must begin with its own address, as the clients know it; every word that is written is
// made of the complement of its address.

module handler_traffic #(
    parameter int ADDRESS_BITS = 40,
    parameter int DATA_BITS = 512,
    parameter int BYTES = 1 << 21
) (
    input  logic clk,
    input  logic rst,
    input  logic by_priority,
    input  logic by_batch,
    input  logic by_need,
    input  logic remap,
    input  logic dump,
    output logic done,
    output logic [63:0] cycles
);
    localparam int WORD = DATA_BITS / 8, READERS = 4;
    // Eight queues for five clients: where the size is no power of two, Verilator appends to a copy of its own and
    // assigns that to the queue, so that each job would also go to all later clients.
    longint addresses[8][$], address;
    int beats[8][$], asked[5], here[5], position[5], written, client, count, script;
    string name;
    bit all_here;

    logic [ADDRESS_BITS+31:0] job[5];
    logic [4:0] valid, ready, error;
    logic [DATA_BITS:0] data[4];
    logic [3:0] arrives;
    logic [DATA_BITS-1:0] word;
    logic word_valid, word_ready, outputs_done;

    logic arid, arvalid, arready, rid, rlast, rvalid, rready, awid, awvalid, awready, wlast, wvalid, wready;
    logic bid, bvalid, bready;
    logic [ADDRESS_BITS-1:0] araddr, awaddr;
    logic [7:0] arlen, awlen;
    logic [2:0] arsize, awsize, arprot, awprot;
    logic [1:0] arburst, awburst, rresp, bresp;
    logic [3:0] arcache, awcache;
    logic [DATA_BITS-1:0] rdata, wdata;
    logic [WORD-1:0] wstrb;

    memory_handler handler (
        .clk, .rst, .by_priority, .by_batch, .by_need, .remap, .late(1'b0), .flush(1'b0), .busy(), .error, .outputs_done,
        .program_jobs__payload(job[0]), .program_jobs__valid(valid[0]), .program_jobs__ready(ready[0]),
        .edges_jobs__payload(job[1]), .edges_jobs__valid(valid[1]), .edges_jobs__ready(ready[1]),
        .features_jobs__payload(job[2]), .features_jobs__valid(valid[2]), .features_jobs__ready(ready[2]),
        .weights_jobs__payload(job[3]), .weights_jobs__valid(valid[3]), .weights_jobs__ready(ready[3]),
        .outputs_jobs__payload(job[4]), .outputs_jobs__valid(valid[4]), .outputs_jobs__ready(ready[4]),
        .program_data__payload(data[0]), .program_data__valid(arrives[0]), .program_data__ready(1'b1),
        .edges_data__payload(data[1]), .edges_data__valid(arrives[1]), .edges_data__ready(1'b1),
        .features_data__payload(data[2]), .features_data__valid(arrives[2]), .features_data__ready(1'b1),
        .weights_data__payload(data[3]), .weights_data__valid(arrives[3]), .weights_data__ready(1'b1),
        .outputs_data__payload(word), .outputs_data__valid(word_valid), .outputs_data__ready(word_ready),
        .read__arid(arid), .read__araddr(araddr), .read__arlen(arlen), .read__arsize(arsize),
        .read__arburst(arburst), .read__arcache(arcache), .read__arprot(arprot), .read__arvalid(arvalid),
        .read__arready(arready), .read__rid(rid), .read__rdata(rdata), .read__rresp(rresp),
        .read__rlast(rlast), .read__rvalid(rvalid), .read__rready(rready), .write__awid(awid),
        .write__awaddr(awaddr), .write__awlen(awlen), .write__awsize(awsize), .write__awburst(awburst),
        .write__awcache(awcache), .write__awprot(awprot), .write__awvalid(awvalid), .write__awready(awready),
        .write__wdata(wdata), .write__wstrb(wstrb), .write__wlast(wlast), .write__wvalid(wvalid),
        .write__wready(wready), .write__bid(bid), .write__bresp(bresp), .write__bvalid(bvalid),
        .write__bready(bready)
    );
    axi_memory #(.ADDRESS_BITS(ADDRESS_BITS), .DATA_BITS(DATA_BITS), .BYTES(BYTES)) memory (
        .clk, .rst, .load(1'b0), .dump, .unhang(1'b0), .hung(), .beats_a(), .beats_b(), .beats_w(),
        .s_axi_a_arid(arid), .s_axi_a_araddr(araddr), .s_axi_a_arlen(arlen), .s_axi_a_arsize(arsize),
        .s_axi_a_arburst(arburst), .s_axi_a_arcache(arcache), .s_axi_a_arprot(arprot),
        .s_axi_a_arvalid(arvalid), .s_axi_a_arready(arready), .s_axi_a_rid(rid), .s_axi_a_rdata(rdata),
        .s_axi_a_rresp(rresp), .s_axi_a_rlast(rlast), .s_axi_a_rvalid(rvalid), .s_axi_a_rready(rready),
        .s_axi_w_awid(awid), .s_axi_w_awaddr(awaddr), .s_axi_w_awlen(awlen), .s_axi_w_awsize(awsize),
        .s_axi_w_awburst(awburst), .s_axi_w_awcache(awcache), .s_axi_w_awprot(awprot),
        .s_axi_w_awvalid(awvalid), .s_axi_w_awready(awready), .s_axi_w_wdata(wdata), .s_axi_w_wstrb(wstrb),
        .s_axi_w_wlast(wlast), .s_axi_w_wvalid(wvalid), .s_axi_w_wready(wready), .s_axi_w_bid(bid),
        .s_axi_w_bresp(bresp), .s_axi_w_bvalid(bvalid), .s_axi_w_bready(bready), .s_axi_b_arid('0),
        .s_axi_b_araddr('0), .s_axi_b_arlen('0), .s_axi_b_arsize('0), .s_axi_b_arburst('0),
        .s_axi_b_arcache('0), .s_axi_b_arprot('0), .s_axi_b_arvalid('0), .s_axi_b_arready(), .s_axi_b_rid(),
        .s_axi_b_rdata(), .s_axi_b_rresp(), .s_axi_b_rlast(), .s_axi_b_rvalid(), .s_axi_b_rready('0)
    );

    initial begin
        if (!$value$plusargs("jobs=%s", name)) $fatal(1, "handler_traffic: no +jobs");
        script = $fopen(name, "r");
        if (script == 0) $fatal(1, "handler_traffic: cannot open %s", name);
        while ($fscanf(script, "%d %h %d\n", client, address, count) == 3) begin
            addresses[client].push_back(address);
            beats[client].push_back(count);
        end
        $fclose(script);
    end

    // Job `here` of a client is the one whose beats move; of the writer, whose words are offered.
    function automatic logic [63:0] place(input int c);
        return addresses[c][here[c]] + 64'(position[c] * WORD);
    endfunction

    task automatic moved(input int c);
        position[c] = position[c] + 1;
        if (position[c] == beats[c][here[c]]) begin
            position[c] = 0;
            here[c] = here[c] + 1;
        end
    endtask

    always_ff @(posedge clk) begin
        if (rst) cycles <= 0;
        else if (!done) cycles <= cycles + 1;
        for (int c = 0; c < READERS; c++)
            if (arrives[c]) begin
                if (data[c][63:0] != place(c))
                    $fatal(1, "handler_traffic: client %0d got %h at %h", c, data[c][63:0], place(c));
                if (data[c][DATA_BITS] != (position[c] == beats[c][here[c]] - 1))
                    $fatal(1, "handler_traffic: client %0d got a wrong last at %h", c, place(c));
                moved(c);
            end
        if (word_valid && word_ready) moved(READERS);
        if (error != 0) $fatal(1, "handler_traffic: error %b", error);
        if (outputs_done) written = written + 1;
        for (int c = 0; c <= READERS; c++) begin
            if (valid[c] && ready[c]) asked[c] = asked[c] + 1;
            valid[c] <= !rst && asked[c] < beats[c].size();
            if (asked[c] < beats[c].size()) job[c] <= {32'(beats[c][asked[c]]), addresses[c][asked[c]][ADDRESS_BITS-1:0]};
        end
        word_valid <= !rst && here[READERS] < beats[READERS].size();
        if (here[READERS] < beats[READERS].size()) word <= {WORD / 8{~place(READERS)}};
        all_here = 1;
        for (int c = 0; c < READERS; c++) all_here &= here[c] == beats[c].size();
        done <= !rst && all_here && written == beats[READERS].size();
    end
endmodule
