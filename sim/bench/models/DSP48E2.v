// Simulation model of the UltraScale+ DSP48E2 slice for the settings that Pyralis emits; any other stops with $fatal.
//
// Modelled: multiplier off, FOUR12, one register on A, B, C and OPMODE, P registered, X in {0, A:B}, W in {0, C},
// Z in {0, PCIN}, ALUMODE 0000 (Z + W + X + Y + CIN), cascade through PCIN and PCOUT. P appears two cycles after A, B,
// C and OPMODE and one cycle after PCIN. The twelve bits of a lane wrap, as they do in silicon. Outputs that this use
// leaves open (ACOUT, CARRYOUT, PATTERNDETECT, ...) are not driven.
//
// Source: behaviour documented in AMD UG579 (OPMODE tables, ALUMODE, SIMD), name, ports and attributes of the primitive.

`ifdef VERILATOR
`verilator_config
// Generated Verilog leaves these outputs open.
lint_off -rule PINMISSING -file "*" -match "*'ACOUT'*"
lint_off -rule PINMISSING -file "*" -match "*'BCOUT'*"
lint_off -rule PINMISSING -file "*" -match "*'CARRYCASCOUT'*"
lint_off -rule PINMISSING -file "*" -match "*'CARRYOUT'*"
lint_off -rule PINMISSING -file "*" -match "*'MULTSIGNOUT'*"
lint_off -rule PINMISSING -file "*" -match "*'OVERFLOW'*"
lint_off -rule PINMISSING -file "*" -match "*'P'*"
lint_off -rule PINMISSING -file "*" -match "*'PATTERNBDETECT'*"
lint_off -rule PINMISSING -file "*" -match "*'PATTERNDETECT'*"
lint_off -rule PINMISSING -file "*" -match "*'PCOUT'*"
lint_off -rule PINMISSING -file "*" -match "*'UNDERFLOW'*"
lint_off -rule PINMISSING -file "*" -match "*'XOROUT'*"
`verilog
`endif

module DSP48E2 #(
    parameter integer ACASCREG = 1,
    parameter integer ADREG = 1,
    parameter integer ALUMODEREG = 1,
    parameter AMULTSEL = "A",
    parameter integer AREG = 1,
    parameter AUTORESET_PATDET = "NO_RESET",
    parameter AUTORESET_PRIORITY = "RESET",
    parameter A_INPUT = "DIRECT",
    parameter integer BCASCREG = 1,
    parameter BMULTSEL = "B",
    parameter integer BREG = 1,
    parameter B_INPUT = "DIRECT",
    parameter integer CARRYINREG = 1,
    parameter integer CARRYINSELREG = 1,
    parameter integer CREG = 1,
    parameter integer DREG = 1,
    parameter integer INMODEREG = 1,
    parameter [3:0] IS_ALUMODE_INVERTED = 4'b0000,
    parameter [0:0] IS_CARRYIN_INVERTED = 1'b0,
    parameter [0:0] IS_CLK_INVERTED = 1'b0,
    parameter [4:0] IS_INMODE_INVERTED = 5'b00000,
    parameter [8:0] IS_OPMODE_INVERTED = 9'b000000000,
    parameter [0:0] IS_RSTALLCARRYIN_INVERTED = 1'b0,
    parameter [0:0] IS_RSTALUMODE_INVERTED = 1'b0,
    parameter [0:0] IS_RSTA_INVERTED = 1'b0,
    parameter [0:0] IS_RSTB_INVERTED = 1'b0,
    parameter [0:0] IS_RSTCTRL_INVERTED = 1'b0,
    parameter [0:0] IS_RSTC_INVERTED = 1'b0,
    parameter [0:0] IS_RSTD_INVERTED = 1'b0,
    parameter [0:0] IS_RSTINMODE_INVERTED = 1'b0,
    parameter [0:0] IS_RSTM_INVERTED = 1'b0,
    parameter [0:0] IS_RSTP_INVERTED = 1'b0,
    parameter [47:0] MASK = 48'h3FFFFFFFFFFF,
    parameter integer MREG = 1,
    parameter integer OPMODEREG = 1,
    parameter [47:0] PATTERN = 48'h000000000000,
    parameter PREADDINSEL = "A",
    parameter integer PREG = 1,
    parameter [47:0] RND = 48'h000000000000,
    parameter SEL_MASK = "MASK",
    parameter SEL_PATTERN = "PATTERN",
    parameter USE_MULT = "MULTIPLY",
    parameter USE_PATTERN_DETECT = "NO_PATDET",
    parameter USE_SIMD = "ONE48",
    parameter USE_WIDEXOR = "FALSE",
    parameter XORSIMD = "XOR24_48_96"
) (
    output [29:0] ACOUT,
    output [17:0] BCOUT,
    output CARRYCASCOUT,
    output [3:0] CARRYOUT,
    output MULTSIGNOUT,
    output OVERFLOW,
    output [47:0] P,
    output PATTERNBDETECT,
    output PATTERNDETECT,
    output [47:0] PCOUT,
    output UNDERFLOW,
    output [7:0] XOROUT,
    input [29:0] A,
    input [29:0] ACIN,
    input [3:0] ALUMODE,
    input [17:0] B,
    input [17:0] BCIN,
    input [47:0] C,
    input CARRYCASCIN,
    input CARRYIN,
    input [2:0] CARRYINSEL,
    input CEA1,
    input CEA2,
    input CEAD,
    input CEALUMODE,
    input CEB1,
    input CEB2,
    input CEC,
    input CECARRYIN,
    input CECTRL,
    input CED,
    input CEINMODE,
    input CEM,
    input CEP,
    input CLK,
    input [26:0] D,
    input [4:0] INMODE,
    input MULTSIGNIN,
    input [8:0] OPMODE,
    input [47:0] PCIN,
    input RSTA,
    input RSTALLCARRYIN,
    input RSTALUMODE,
    input RSTB,
    input RSTC,
    input RSTCTRL,
    input RSTD,
    input RSTINMODE,
    input RSTM,
    input RSTP
);
    // Attributes, once.
    localparam [17:0] INVERTED = {
        IS_ALUMODE_INVERTED, IS_CARRYIN_INVERTED, IS_CLK_INVERTED, IS_INMODE_INVERTED, IS_RSTALLCARRYIN_INVERTED,
        IS_RSTALUMODE_INVERTED, IS_RSTA_INVERTED, IS_RSTB_INVERTED, IS_RSTCTRL_INVERTED, IS_RSTC_INVERTED, IS_RSTP_INVERTED
    };
    initial begin
        if (USE_SIMD != "FOUR12") $fatal(1, "DSP48E2 model: USE_SIMD must be FOUR12");
        if (USE_MULT != "NONE") $fatal(1, "DSP48E2 model: USE_MULT must be NONE");
        if (A_INPUT != "DIRECT" || B_INPUT != "DIRECT") $fatal(1, "DSP48E2 model: A_INPUT and B_INPUT must be DIRECT");
        if (AREG != 1 || BREG != 1 || CREG != 1) $fatal(1, "DSP48E2 model: AREG, BREG and CREG must be 1");
        if (OPMODEREG != 1 || PREG != 1) $fatal(1, "DSP48E2 model: OPMODEREG and PREG must be 1");
        if (ACASCREG != AREG || BCASCREG != BREG) $fatal(1, "DSP48E2 model: ACASCREG and BCASCREG must be 1");
        if (MREG != 0) $fatal(1, "DSP48E2 model: MREG must be 0 (the multiplier is off)");
        if (INVERTED != 0 || IS_OPMODE_INVERTED != 0) $fatal(1, "DSP48E2 model: no input may be inverted");
        if (USE_PATTERN_DETECT != "NO_PATDET" || AUTORESET_PATDET != "NO_RESET")
            $fatal(1, "DSP48E2 model: the pattern detector is not modelled");
        if (USE_WIDEXOR != "FALSE") $fatal(1, "DSP48E2 model: the wide XOR is not modelled");
    end

    // Control inputs that the generator ties to a constant: evaluated when one changes, so they cost nothing a cycle.
    always @(*) begin
        if (ALUMODE != 4'b0000) $fatal(1, "DSP48E2 model: ALUMODE must be 0000, not %b", ALUMODE);
        if (INMODE != 5'b00000) $fatal(1, "DSP48E2 model: INMODE must be 00000, not %b", INMODE);
        if (CARRYINSEL != 3'b000 || CARRYIN != 1'b0)
            $fatal(1, "DSP48E2 model: CARRYINSEL must be 000 and CARRYIN 0, not %b and %b", CARRYINSEL, CARRYIN);
        if (!(CEA2 && CEB2 && CEC && CECTRL && CEP && CEALUMODE && CEINMODE && CECARRYIN))
            $fatal(1, "DSP48E2 model: the clock enables of registers in use must be 1");
        if (RSTA || RSTB || RSTC || RSTCTRL || RSTP || RSTALUMODE || RSTINMODE || RSTALLCARRYIN)
            $fatal(1, "DSP48E2 model: the resets of registers in use must be 0");
    end

    reg [47:0] ab, c, p;
    reg [8:0] opmode;  // W[1:0] Z[2:0] Y[1:0] X[1:0]

    // Multiplexers. A legal mode is all or nothing on X and W, so the two bits act as a mask.
    wire [47:0] x = ab & {48{opmode[0]}};
    wire [47:0] w = c & {48{opmode[7]}};
    wire [47:0] z = PCIN & {48{opmode[4]}};

    // Lane-wise sums: everything below the top bit of a lane is added with the top bits masked out, so that no carry
    // leaves a lane; the top bit is an exclusive or.
    localparam [47:0] TOP = 48'h800800800800;
    wire [47:0] xw = ((x & ~TOP) + (w & ~TOP)) ^ ((x ^ w) & TOP);
    wire [47:0] sum = ((xw & ~TOP) + (z & ~TOP)) ^ ((xw ^ z) & TOP);

    always @(posedge CLK) begin
        ab <= {A, B};
        c <= C;
        opmode <= OPMODE;
        p <= sum;
        if (opmode[8] != opmode[7] || opmode[6:5] != 2'b00 || opmode[3:2] != 2'b00 || opmode[1] != opmode[0])
            $fatal(1, "DSP48E2 model: OPMODE %b is not modelled (X 0 or A:B, Y 0, Z 0 or PCIN, W 0 or C)", opmode);
    end

    assign P = p;
    assign PCOUT = p;
endmodule
