// The host's end of a serial line (8 data bits, no parity, one stop bit), so that Python wakes for a handful of bytes
// at once instead of for every bit.
//
//   give, take     when `give` changes, the lowest `give_count` of `give_bytes` wait behind the `unsent` ones; when
//                  `take` changes, the lowest `take_count` of the `unread` bytes in `oldest` are forgotten
//   errors_*       of a million bits (start, data and stop bits of bytes) on the line to or from the board, how many
//                  are inverted, drawn from +error_seed=N; `flipped_*` counts them
//
// A byte whose stop bit is missing is handed on as any other, as the drivers of operating systems do.

module uart_host #(
    parameter int DIVISOR = 4,
    parameter int WINDOW = 64
) (
    input  logic clk,
    input  logic rst,
    output logic to_board,
    input  logic from_board,
    input  logic give,
    input  logic [7:0] give_count,
    input  logic [8*WINDOW-1:0] give_bytes,
    output logic [15:0] unsent,
    input  logic take,
    input  logic [7:0] take_count,
    output logic [15:0] unread,
    output logic [8*WINDOW-1:0] oldest,
    input  logic [31:0] errors_to,
    input  logic [31:0] errors_from,
    output logic [31:0] flipped_to,
    output logic [31:0] flipped_from
);
    localparam int DEPTH = 2 * WINDOW;

    logic [7:0] queue[DEPTH];
    int first, waiting, received;
    logic [8*WINDOW-1:0] window;
    logic give_before, take_before;

    // Bits still to come of the byte on the line, and cycles of the present one.
    logic [9:0] out_bits, in_bits;
    int out_left, out_cycles, in_left, in_cycles, noise_left, noise_cycles;
    logic flip_to, flip_from, line;

    logic [31:0] random;
    longint seed;
    initial begin
        if (!$value$plusargs("error_seed=%d", seed)) seed = 1;
        random = 32'(seed) * 32'h9E3779B9 | 32'd1;
    end

    function automatic logic hit(input logic [31:0] per_million);
        if (per_million == 0) return 1'b0;
        random = random ^ random << 13;
        random = random ^ random >> 17;
        random = random ^ random << 5;
        return random[30:0] % 1_000_000 < 31'(per_million);
    endfunction

    task automatic exchange();
        if (give != give_before) begin
            if (waiting + 32'(give_count) > DEPTH) $fatal(1, "uart_host: more than %0d bytes are given", DEPTH);
            for (int n = 0; n < 32'(give_count); n++) queue[(first+waiting+n)%DEPTH] = give_bytes[8*n+:8];
            waiting = waiting + 32'(give_count);
        end
        if (take != take_before) begin
            window = window >> 8 * take_count;
            received = received - 32'(take_count);
        end
        give_before = give;
        take_before = take;
    endtask

    task automatic send();
        if (out_cycles != 0) out_cycles = out_cycles - 1;
        if (out_cycles == 0) begin
            if (out_left == 0 && waiting != 0) begin
                out_bits = {1'b1, queue[first], 1'b0};
                out_left = 10;
                first = (first + 1) % DEPTH;
                waiting = waiting - 1;
            end
            flip_to = out_left != 0 && hit(errors_to);
            to_board <= out_left == 0 || out_bits[0] ^ flip_to;
            if (flip_to) flipped_to <= flipped_to + 1;
            if (out_left != 0) begin
                out_bits = out_bits >> 1;
                out_left = out_left - 1;
                out_cycles = DIVISOR;
            end
        end
    endtask

    // The board's line as it arrives: the bits of its bytes are known from their start bit.
    task automatic disturb();
        if (noise_left == 0 && !from_board) noise_left = 10;
        if (noise_left != 0 && noise_cycles == 0) begin
            flip_from = hit(errors_from);
            if (flip_from) flipped_from <= flipped_from + 1;
            noise_cycles = DIVISOR;
        end
        line = from_board ^ (noise_left != 0 && flip_from);
        if (noise_left != 0) begin
            noise_cycles = noise_cycles - 1;
            if (noise_cycles == 0) noise_left = noise_left - 1;
        end
    endtask

    task automatic receive();
        if (in_left == 0) begin
            if (!line) begin
                in_left = 10;
                in_cycles = (DIVISOR - 1) / 2;
            end
        end else in_cycles = in_cycles - 1;
        if (in_left != 0 && in_cycles == 0) begin
            in_bits = {line, in_bits[9:1]};
            in_left = in_left - 1;
            in_cycles = DIVISOR;
            if (in_left == 9 && line) in_left = 0;  // no start bit after all
            else if (in_left == 0) begin
                if (received == WINDOW) $fatal(1, "uart_host: nobody takes the %0d bytes received", WINDOW);
                window[8*received+:8] = in_bits[8:1];
                received = received + 1;
            end
        end
    endtask

    always_ff @(posedge clk) begin
        exchange();
        send();
        disturb();
        receive();
        unsent <= 16'(waiting + (out_left != 0 || out_cycles != 0 ? 1 : 0));
        unread <= 16'(received);
        oldest <= window;
        if (rst) begin
            first = 0;
            waiting = 0;
            received = 0;
            out_left = 0;
            out_cycles = 0;
            in_left = 0;
            noise_left = 0;
            noise_cycles = 0;
            to_board <= 1'b1;
            flipped_to <= '0;
            flipped_from <= '0;
        end
    end
endmodule
