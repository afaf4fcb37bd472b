// Copies `beats` words from `source` to `target` with one read and one write DMA on axi_memory, while a second read
// DMA sums the 32-bit words of the source again and again. Python wakes at the start and at the end only.

module copy_bench (
    input clk, input rst,
    input start, input flush, input load, input dump, input unhang,
    input [39:0] source, input [39:0] target, input [31:0] beats,
    output reg done, output busy, output hung,
    output reg [31:0] cycles, output reg [31:0] read_errors, output reg [31:0] write_errors,
    output reg [31:0] words, output reg [31:0] sum, output reg [31:0] sums,
    output [63:0] beats_a, output [63:0] beats_b, output [63:0] beats_w
);
    reg read_job, sum_job, write_job, running;
    wire read_ready, sum_ready, write_ready, write_done, read_error, sum_error, write_error;
    wire read_busy, sum_busy, write_busy;
    wire [128:0] word, summed;
    wire word_valid, word_ready, sum_valid;
    assign busy = read_busy | sum_busy | write_busy;

`define READ(name) \
    wire name``_arid; wire [39:0] name``_araddr; wire [7:0] name``_arlen; wire [2:0] name``_arsize; \
    wire [1:0] name``_arburst; wire [3:0] name``_arcache; wire [2:0] name``_arprot; \
    wire name``_arvalid; wire name``_arready; wire name``_rid; wire [127:0] name``_rdata; \
    wire [1:0] name``_rresp; wire name``_rlast; wire name``_rvalid; wire name``_rready;
`define READ_BUS(name) \
    .bus__arid(name``_arid), .bus__araddr(name``_araddr), .bus__arlen(name``_arlen), \
    .bus__arsize(name``_arsize), .bus__arburst(name``_arburst), .bus__arcache(name``_arcache), \
    .bus__arprot(name``_arprot), .bus__arvalid(name``_arvalid), .bus__arready(name``_arready), \
    .bus__rid(name``_rid), .bus__rdata(name``_rdata), .bus__rresp(name``_rresp), \
    .bus__rlast(name``_rlast), .bus__rvalid(name``_rvalid), .bus__rready(name``_rready)
`define READ_PORT(name) \
    .s_axi_``name``_arid(name``_arid), .s_axi_``name``_araddr(name``_araddr), \
    .s_axi_``name``_arlen(name``_arlen), .s_axi_``name``_arsize(name``_arsize), \
    .s_axi_``name``_arburst(name``_arburst), .s_axi_``name``_arcache(name``_arcache), \
    .s_axi_``name``_arprot(name``_arprot), .s_axi_``name``_arvalid(name``_arvalid), \
    .s_axi_``name``_arready(name``_arready), .s_axi_``name``_rid(name``_rid), \
    .s_axi_``name``_rdata(name``_rdata), .s_axi_``name``_rresp(name``_rresp), \
    .s_axi_``name``_rlast(name``_rlast), .s_axi_``name``_rvalid(name``_rvalid), \
    .s_axi_``name``_rready(name``_rready)

    `READ(a)
    `READ(b)
    wire w_awid; wire [39:0] w_awaddr; wire [7:0] w_awlen; wire [2:0] w_awsize; wire [1:0] w_awburst;
    wire [3:0] w_awcache; wire [2:0] w_awprot; wire w_awvalid; wire w_awready; wire [127:0] w_wdata;
    wire [15:0] w_wstrb; wire w_wlast; wire w_wvalid; wire w_wready; wire w_bid; wire [1:0] w_bresp;
    wire w_bvalid; wire w_bready;

    readdma reader (.clk(clk), .rst(rst), .jobs__payload({beats, source}), .jobs__valid(read_job),
        .jobs__ready(read_ready), .data__payload(word), .data__valid(word_valid), .data__ready(word_ready),
        .flush(flush), .busy(read_busy), .error(read_error), `READ_BUS(a));
    readdma summer (.clk(clk), .rst(rst), .jobs__payload({beats, source}), .jobs__valid(sum_job),
        .jobs__ready(sum_ready), .data__payload(summed), .data__valid(sum_valid), .data__ready(1'b1),
        .flush(flush), .busy(sum_busy), .error(sum_error), `READ_BUS(b));
    writedma writer (.clk(clk), .rst(rst), .jobs__payload({beats, target}), .jobs__valid(write_job),
        .jobs__ready(write_ready), .data__payload(word[127:0]), .data__valid(word_valid), .data__ready(word_ready),
        .flush(flush), .done(write_done), .busy(write_busy), .error(write_error),
        .bus__awid(w_awid), .bus__awaddr(w_awaddr), .bus__awlen(w_awlen), .bus__awsize(w_awsize),
        .bus__awburst(w_awburst), .bus__awcache(w_awcache), .bus__awprot(w_awprot),
        .bus__awvalid(w_awvalid), .bus__awready(w_awready), .bus__wdata(w_wdata), .bus__wstrb(w_wstrb),
        .bus__wlast(w_wlast), .bus__wvalid(w_wvalid), .bus__wready(w_wready), .bus__bid(w_bid),
        .bus__bresp(w_bresp), .bus__bvalid(w_bvalid), .bus__bready(w_bready));
    axi_memory #(.ADDRESS_BITS(40), .DATA_BITS(128), .BYTES(1 << 18)) memory (.clk(clk), .rst(rst), .load(load),
        .dump(dump), .unhang(unhang), .hung(hung), .beats_a(beats_a), .beats_b(beats_b), .beats_w(beats_w),
        `READ_PORT(a), `READ_PORT(b),
        .s_axi_w_awid(w_awid), .s_axi_w_awaddr(w_awaddr), .s_axi_w_awlen(w_awlen),
        .s_axi_w_awsize(w_awsize), .s_axi_w_awburst(w_awburst), .s_axi_w_awcache(w_awcache),
        .s_axi_w_awprot(w_awprot), .s_axi_w_awvalid(w_awvalid), .s_axi_w_awready(w_awready),
        .s_axi_w_wdata(w_wdata), .s_axi_w_wstrb(w_wstrb), .s_axi_w_wlast(w_wlast),
        .s_axi_w_wvalid(w_wvalid), .s_axi_w_wready(w_wready), .s_axi_w_bid(w_bid), .s_axi_w_bresp(w_bresp),
        .s_axi_w_bvalid(w_bvalid), .s_axi_w_bready(w_bready));

    reg [31:0] running_sum;
    wire [31:0] next_sum = running_sum + summed[31:0] + summed[63:32] + summed[95:64] + summed[127:96];
    always @(posedge clk) begin
        if (running) cycles <= cycles + 1;
        if (read_ready) read_job <= 0;
        if (write_ready) write_job <= 0;
        read_errors <= read_errors + read_error + sum_error;
        write_errors <= write_errors + write_error;
        if (word_valid & word_ready) words <= words + 1;
        if (sum_valid) begin
            running_sum <= summed[128] ? 0 : next_sum;
            if (summed[128]) begin sums <= sums + 1; sum <= next_sum; end
        end
        if (write_done) begin done <= 1; running <= 0; sum_job <= 0; end
        if (flush) begin running <= 0; read_job <= 0; write_job <= 0; sum_job <= 0; end
        if (start) begin
            {read_job, write_job, sum_job, running} <= 4'b1111;
            done <= 0; cycles <= 0; read_errors <= 0; write_errors <= 0; words <= 0; running_sum <= 0; sums <= 0;
        end
        if (rst) {read_job, write_job, sum_job, running, done} <= 0;
    end
endmodule
