"""Verilog of small circuits for the synthesis tests, written by loops that know nothing of hw.gf."""

FIELDS = {8: (4, 3, 1, 0), 16: (5, 3, 1, 0), 45: (4, 3, 1, 0), 163: (7, 6, 3, 0)}
"""Degree -> exponents of the irreducible polynomial below it."""

KEPT = '(* keep_hierarchy = "yes" *)\n'


def double(value: int, m: int) -> int:
    """x times an element of the field of degree *m*."""
    low = sum(1 << exponent for exponent in FIELDS[m])
    return value << 1 ^ (1 << m | low) if value >> m - 1 else value << 1


def multiply(a: int, b: int, m: int) -> int:
    """Product in the field of degree *m*."""
    result = 0
    while b:
        result ^= a if b & 1 else 0
        a, b = double(a, m), b >> 1
    return result


def powers(m: int) -> list[int]:
    """x^k modulo the polynomial for k in 0..2m-2; bit i of each stands for x^i."""
    values = [1]
    for _ in range(2 * m - 2):
        values.append(double(values[-1], m))
    return values


def two_step(m: int, kept: bool = True) -> str:
    """Modules ``product``, ``reduction`` and ``multiplier`` (a, b -> c, instances p and r) of degree *m*."""
    key = KEPT if kept else ""
    lines = [f"{key}module product(input [{m - 1}:0] a, input [{m - 1}:0] b, output [{2 * m - 2}:0] d);"]
    for k in range(2 * m - 1):
        terms = [f"a[{i}] & b[{k - i}]" for i in range(m) if 0 <= k - i < m]
        lines.append(f"assign d[{k}] = ({') ^ ('.join(terms)});")
    columns = powers(m)
    lines += ["endmodule", f"{key}module reduction(input [{2 * m - 2}:0] d, output [{m - 1}:0] c);"]
    for j in range(m):
        terms = [f"d[{k}]" for k, power in enumerate(columns) if power >> j & 1]
        lines.append(f"assign c[{j}] = {' ^ '.join(terms)};")
    lines += [
        "endmodule",
        f"{key}module multiplier(input [{m - 1}:0] a, input [{m - 1}:0] b, output [{m - 1}:0] c);",
        f"wire [{2 * m - 2}:0] d;",
        "product p(.a(a), .b(b), .d(d));",
        "reduction r(.d(d), .c(c));",
        "endmodule",
    ]
    return "\n".join(lines) + "\n"


def compared(m: int, kept: bool = True) -> str:
    """``top``: two identical multipliers x0 and x1, and whether they differ, as ``bad`` beside ``c``."""
    return two_step(m, kept) + (
        f"module top(input [{m - 1}:0] a, input [{m - 1}:0] b, output [{m - 1}:0] c, output bad);\n"
        f"wire [{m - 1}:0] c1;\n"
        "multiplier x0(.a(a), .b(b), .c(c));\n"
        "multiplier x1(.a(a), .b(b), .c(c1));\n"
        "assign bad = c != c1;\n"
        "endmodule\n"
    )


COUNTER = """
module top(input clk, input rst, input en, input [3:0] step, output reg [3:0] count, output odd);
reg flag = 1'b1;
initial count = 4'd9;
always @(posedge clk) begin
    if (rst) count <= 4'd3; else if (en) count <= count + step;
    flag <= ~flag;
end
assign odd = flag ^ count[0];
endmodule
"""
"""Flip-flops with initial values, an enable and a synchronous reset."""
