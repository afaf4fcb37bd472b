// One read of 4 beats and one write of 2 beats on axi_memory; plusarg +fault=NAME breaks one rule of AXI4.

module bad_manager (input clk, input rst, output [63:0] beats_a, output [63:0] beats_w);
    reg [8*12:1] fault;
    initial if (!$value$plusargs("fault=%s", fault)) fault = "none";
    reg [7:0] cycle;
    reg arvalid, awvalid, wvalid, word;
    wire arready, awready, wready;
    always @(posedge clk) begin
        cycle <= cycle + 1;
        if (arready) arvalid <= 0;
        if (awready) awvalid <= 0;
        if (wvalid & wready) begin word <= 1; wvalid <= !word; end
        if (cycle == 10) {arvalid, awvalid, wvalid} <= 3'b111;
        if (fault == "dropped" & arvalid) arvalid <= 0;
        if (rst) {cycle, arvalid, awvalid, wvalid, word} <= 0;
    end
    wire [39:0] araddr = fault == "crossing" ? 40'hFE0 : fault == "unaligned" ? 40'h104 :
                         fault == "moving" ? {cycle, 4'b0} : 40'h100;
    axi_memory #(.BYTES(8192)) memory (.clk(clk), .rst(rst), .load(1'b0), .dump(1'b0), .unhang(1'b0), .hung(),
        .beats_a(beats_a), .beats_b(), .beats_w(beats_w),
        .s_axi_a_arid(fault == "id"), .s_axi_a_araddr(araddr), .s_axi_a_arlen(8'd3),
        .s_axi_a_arsize(fault == "size" ? 3'd3 : 3'd4), .s_axi_a_arburst(fault == "wrap" ? 2'd2 : 2'd1),
        .s_axi_a_arcache(4'd3), .s_axi_a_arprot(3'd0), .s_axi_a_arvalid(arvalid), .s_axi_a_arready(arready),
        .s_axi_a_rid(), .s_axi_a_rdata(), .s_axi_a_rresp(), .s_axi_a_rlast(), .s_axi_a_rvalid(),
        .s_axi_a_rready(1'b1),
        .s_axi_b_arid(1'b0), .s_axi_b_araddr(40'd0), .s_axi_b_arlen(8'd0), .s_axi_b_arsize(3'd4),
        .s_axi_b_arburst(2'd1), .s_axi_b_arcache(4'd3), .s_axi_b_arprot(3'd0), .s_axi_b_arvalid(1'b0),
        .s_axi_b_arready(), .s_axi_b_rid(), .s_axi_b_rdata(), .s_axi_b_rresp(), .s_axi_b_rlast(),
        .s_axi_b_rvalid(), .s_axi_b_rready(1'b1),
        .s_axi_w_awid(1'b0), .s_axi_w_awaddr(40'h200), .s_axi_w_awlen(8'd1), .s_axi_w_awsize(3'd4),
        .s_axi_w_awburst(2'd1), .s_axi_w_awcache(4'd3), .s_axi_w_awprot(3'd0), .s_axi_w_awvalid(awvalid),
        .s_axi_w_awready(awready), .s_axi_w_wdata(fault == "word" ? {120'd0, cycle} : 128'd5),
        .s_axi_w_wstrb(16'hFFFF), .s_axi_w_wlast(fault == "early" | word), .s_axi_w_wvalid(wvalid),
        .s_axi_w_wready(wready), .s_axi_w_bid(), .s_axi_w_bresp(), .s_axi_w_bvalid(), .s_axi_w_bready(1'b1));
endmodule
