// Plays lists of bursts on the three ports of axi_memory and writes down in which cycle what was transferred. Python
// wakes at the start and at the end only.
//
//   +script=FILE   lines "port cycle address words": the burst is offered from that cycle on (0, 1 read, 2 writes)
//   +events=FILE   lines "kind cycle address words"; kinds 0..2: an address; 3, 4: a word read; 5: a word taken; 6: the end

module ddr4_bench #(parameter int DATA_BITS = 512) (
    input  logic clk,
    input  logic rst,
    input  logic dump,
    output logic done
);
    localparam int WORD = DATA_BITS / 8;
    longint cycle, script_cycle[3][4096], script_address[3][4096];
    int script_words[3][4096], count[3], asked[3], wanted[3], got[3];
    int events, script, port, position, taken;
    string name;
    logic [31:0] random = 32'd1;

    logic [39:0] addr[3];
    logic [7:0] len[3];
    logic valid[3], ready[3];
    logic [DATA_BITS-1:0] rdata[2], wdata;
    logic rvalid[2], wvalid, wready, wlast, bvalid, hung;
    logic [63:0] beats[3];

    axi_memory #(.ADDRESS_BITS(40), .DATA_BITS(DATA_BITS), .BYTES(1 << 20)) memory (
        .clk, .rst, .load(1'b0), .dump, .unhang(1'b0), .command(3'd0), .command_base(64'd0), .command_bytes(64'd0),
        .hung, .beats_a(beats[0]), .beats_b(beats[1]), .beats_w(beats[2]),
`define PORT(p, n) \
        .s_axi_``p``_arid(1'b0), .s_axi_``p``_araddr(addr[n]), .s_axi_``p``_arlen(len[n]), \
        .s_axi_``p``_arsize(3'($clog2(WORD))), .s_axi_``p``_arburst(2'b01), .s_axi_``p``_arcache(4'd0), \
        .s_axi_``p``_arprot(3'd0), .s_axi_``p``_arvalid(valid[n]), .s_axi_``p``_arready(ready[n]), \
        .s_axi_``p``_rid(), .s_axi_``p``_rdata(rdata[n]), .s_axi_``p``_rresp(), .s_axi_``p``_rlast(), \
        .s_axi_``p``_rvalid(rvalid[n]), .s_axi_``p``_rready(1'b1)
        `PORT(a, 0), `PORT(b, 1),
        .s_axi_w_awid(1'b0), .s_axi_w_awaddr(addr[2]), .s_axi_w_awlen(len[2]), .s_axi_w_awsize(3'($clog2(WORD))),
        .s_axi_w_awburst(2'b01), .s_axi_w_awcache(4'd0), .s_axi_w_awprot(3'd0), .s_axi_w_awvalid(valid[2]),
        .s_axi_w_awready(ready[2]), .s_axi_w_wdata(wdata), .s_axi_w_wstrb('1), .s_axi_w_wlast(wlast),
        .s_axi_w_wvalid(wvalid), .s_axi_w_wready(wready), .s_axi_w_bid(), .s_axi_w_bresp(),
        .s_axi_w_bvalid(bvalid), .s_axi_w_bready(1'b1)
    );

    initial begin
        if (!$value$plusargs("script=%s", name)) $fatal(1, "no +script");
        script = $fopen(name, "r");
        while (!$feof(script)) begin
            longint c, a;
            int n;
            if ($fscanf(script, "%d %d %h %d\n", port, c, a, n) == 4) begin
                script_cycle[port][count[port]] = c;
                script_address[port][count[port]] = a;
                script_words[port][count[port]] = n;
                count[port] = count[port] + 1;
                wanted[port] = wanted[port] + n;
            end
        end
        $fclose(script);
        if (!$value$plusargs("events=%s", name)) $fatal(1, "no +events");
        events = $fopen(name, "w");
    end
    final begin
        $fwrite(events, "6 %0d 0 0\n", cycle);
        $fclose(events);
    end

    // The word that is offered: of burst `taken`, at `position`; its bytes tell its address.
    assign wlast = position == script_words[2][taken] - 1;
    assign wdata = {WORD / 8{64'(script_address[2][taken]) + 64'(position * WORD)}};
    assign wvalid = taken < asked[2];
    assign done = got[0] == wanted[0] && got[1] == wanted[1] && got[2] == count[2];

    always_ff @(posedge clk) begin
        cycle = rst ? 0 : cycle + 1;
        for (int p = 0; p < 3; p++) begin
            if (valid[p] && ready[p]) begin
                $fwrite(events, "%0d %0d %0h %0d\n", p, cycle, addr[p], 32'(len[p]) + 1);
                asked[p] = asked[p] + 1;
            end
            valid[p] <= !rst && asked[p] < count[p] && cycle + 1 >= script_cycle[p][asked[p]];
            addr[p] <= script_address[p][asked[p]][39:0];
            len[p] <= script_words[p][asked[p]][7:0] - 8'd1;
        end
        for (int p = 0; p < 2; p++) if (rvalid[p]) begin
            $fwrite(events, "%0d %0d %0h 1\n", p + 3, cycle, rdata[p][63:0]);
            got[p] = got[p] + 1;
        end
        if (bvalid) got[2] = got[2] + 1;
        if (wvalid && wready) begin
            $fwrite(events, "5 %0d %0h 1\n", cycle, wdata[63:0]);
            if (wlast) taken <= taken + 1;
            position <= wlast ? 0 : position + 1;
        end
    end
endmodule
