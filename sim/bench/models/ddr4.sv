// Timing of a DDR4 channel and its controller, for axi_memory.sv; sim/bench/ddr4.py says what they do and has all
// figures, which come from there as plusargs +ddr4_<name>=N; sim/bench/ddr4twin.py predicts every cycle.
//
//   +ddr4              accesses take as long as a DDR4 channel needs (and +latency more for the way to it and back)
//   +ddr4_<field>=N    every field of Ddr4Settings
//   +ddr4_statistics=FILE   where the counters go, as JSON: with every dump, at command 6 and at the end

package ddr4;

    // Times are in memory clocks, CLOCKS a cycle; moments count from the reset.
    localparam longint CLOCKS = 4, DATA = 4, LINE = 64, NEVER = -(64'd1 << 40);

    class Channel;
        longint cl, cwl, rcd, rp, ras, rc, ccd_s, ccd_l, rrd_s, rrd_l, faw, rtp, wr, wtr_s, wtr_l, rfc;
        int group_bits, bank_bits, column_bits, group_bit, bank_bit, banks;
        // Per bank: the open row or -1, last ACT, earliest PRE, earliest ACT.
        longint row[256], activated[256], closable[256], openable[256], busy_until[256];
        // Per group: last ACT, last column command, end of the data last written.
        longint group_activated[16], group_column[16], group_written[16];
        longint activations[4];  // the last four, oldest first
        longint column, written, any_busy_until;
        logic writing;
        longint hits, misses, conflicts, reads, writes, turns, refreshes, bank_busy, any_busy;

        static function longint setting(input string name);
            longint value;
            if (!$value$plusargs({"ddr4_", name, "=%d"}, value))
                $fatal(1, "ddr4: +ddr4 without +ddr4_%s", name);
            return value;
        endfunction

        function new();
            cl = setting("cl");
            cwl = setting("cwl");
            rcd = setting("rcd");
            rp = setting("rp");
            ras = setting("ras");
            rc = setting("rc");
            ccd_s = setting("ccd_s");
            ccd_l = setting("ccd_l");
            rrd_s = setting("rrd_s");
            rrd_l = setting("rrd_l");
            faw = setting("faw");
            rtp = setting("rtp");
            wr = setting("wr");
            wtr_s = setting("wtr_s");
            wtr_l = setting("wtr_l");
            rfc = setting("rfc");
            group_bits = 32'(setting("group_bits"));
            bank_bits = 32'(setting("bank_bits"));
            column_bits = 32'(setting("column_bits"));
            group_bit = 32'(setting("group_bit"));
            bank_bit = 32'(setting("bank_bit"));
            banks = 1 << (group_bits + bank_bits);
            if (group_bits > 4 || banks > 256) $fatal(1, "ddr4: at most 16 bank groups and 256 banks");
            reset();
        endfunction

        function void reset();
            for (int n = 0; n < banks; n++) begin
                row[n] = -1;
                activated[n] = NEVER;
                closable[n] = NEVER;
                openable[n] = NEVER;
                busy_until[n] = 0;
            end
            for (int n = 0; n < 16; n++) begin
                group_activated[n] = NEVER;
                group_column[n] = NEVER;
                group_written[n] = NEVER;
            end
            for (int n = 0; n < 4; n++) activations[n] = NEVER;
            column = NEVER;
            written = NEVER;
            any_busy_until = 0;
            writing = 1'b0;
            hits = 0;
            misses = 0;
            conflicts = 0;
            reads = 0;
            writes = 0;
            turns = 0;
            refreshes = 0;
            bank_busy = 0;
            any_busy = 0;
        endfunction

        static function longint later(input longint a, input longint b);
            return a > b ? a : b;
        endfunction

        function void refresh(input longint now);
            longint start;
            start = now;
            for (int n = 0; n < banks; n++) begin
                start = later(start, openable[n]);
                if (row[n] != -1) start = later(start, later(now, closable[n]) + rp);
            end
            for (int n = 0; n < banks; n++) begin
                row[n] = -1;
                openable[n] = start + rfc;
            end
            refreshes++;
        endfunction

        // Works on a line from clock `now` on; returns the clock after the last of its data.
        function longint access(input longint now, input longint unsigned line, input logic write);
            int group, bank;
            longint wanted, first, act, at, finish;
            longint unsigned rest, group_mask, bank_mask;
            group_mask = (64'd1 << group_bit) - 1;
            bank_mask = (64'd1 << bank_bit) - 1;
            group = 32'(line >> group_bit) & ((1 << group_bits) - 1);
            bank = 32'(line >> bank_bit) & ((1 << bank_bits) - 1) | group << bank_bits;
            // Both fields are cut out, the upper one first; what is left is row and column.
            rest = line;
            if (group_bit > bank_bit) rest = ((rest >> (group_bit + group_bits)) << group_bit) | (rest & group_mask);
            rest = ((rest >> (bank_bit + bank_bits)) << bank_bit) | (rest & bank_mask);
            if (group_bit < bank_bit) rest = ((rest >> (group_bit + group_bits)) << group_bit) | (rest & group_mask);
            wanted = rest >> column_bits;
            first = NEVER;
            if (row[bank] == wanted) begin
                hits++;
                at = now;
            end else begin
                act = now;
                if (row[bank] == -1) misses++;
                else begin
                    conflicts++;
                    first = later(now, closable[bank]);
                    act = first + rp;
                end
                act = later(act, openable[bank]);
                act = later(act, activated[bank] + rc);
                act = later(act, activations[3] + rrd_s);
                act = later(act, group_activated[group] + rrd_l);
                act = later(act, activations[0] + faw);
                if (first == NEVER) first = act;
                for (int n = 0; n < 3; n++) activations[n] = activations[n+1];
                activations[3] = act;
                activated[bank] = act;
                group_activated[group] = act;
                closable[bank] = act + ras;
                row[bank] = wanted;
                at = act + rcd;
            end
            at = later(later(at, column + ccd_s), group_column[group] + ccd_l);
            if (write) begin
                if (!writing) at = later(at, column + cl + DATA + 2 - cwl);
                finish = at + cwl + DATA;
                group_written[group] = finish;
                written = finish;
                closable[bank] = later(closable[bank], finish + wr);
                writes++;
            end else begin
                at = later(later(at, written + wtr_s), group_written[group] + wtr_l);
                finish = at + cl + DATA;
                closable[bank] = later(closable[bank], at + rtp);
                reads++;
            end
            if (write != writing) turns++;
            writing = write;
            column = at;
            group_column[group] = at;
            if (first == NEVER) first = at;
            bank_busy += later(0, finish - later(first, busy_until[bank]));
            any_busy += later(0, finish - later(first, any_busy_until));
            busy_until[bank] = later(busy_until[bank], finish);
            any_busy_until = later(any_busy_until, finish);
            return finish;
        endfunction
    endclass

    class Controller;
        Channel channel;
        longint refi, lookahead, write_queue, write_high, write_low, refresh_due;
        logic writing;
        longint unsigned writes[$], first_line[$], last_line[$];
        int ports[$];
        longint there[2][$];  // per port, the cycles from which its lines are there

        function new();
            channel = new();
            refi = Channel::setting("refi");
            lookahead = Channel::setting("lookahead");
            write_queue = Channel::setting("write_queue");
            write_high = Channel::setting("write_high");
            write_low = Channel::setting("write_low");
            reset();
        endfunction

        function void reset();
            channel.reset();
            writes.delete();
            first_line.delete();
            last_line.delete();
            ports.delete();
            there[0].delete();
            there[1].delete();
            writing = 1'b0;
            refresh_due = refi;
        endfunction

        // A burst of `size` bytes has been accepted at a port.
        function void read(input int port, input longint unsigned address, input longint unsigned size);
            ports.push_back(port);
            first_line.push_back(address / LINE);
            last_line.push_back((address + size - 1) / LINE);
        endfunction

        // The last word of a burst in the line of an address has been taken.
        function void write(input longint unsigned address);
            writes.push_back(address / LINE);
        endfunction

        function logic room();
            return longint'(writes.size()) < write_queue;
        endfunction

        // Whether the next line of a port is there in a cycle, `extra` cycles of its way included.
        function logic arrived(input int port, input longint cycle, input longint extra);
            return there[port].size() > 0 && there[port][0] + extra <= cycle;
        endfunction

        function void leave(input int port);
            void'(there[port].pop_front());
        endfunction

        function void step(input longint cycle);
            longint now, finish;
            now = CLOCKS * cycle;
            if (now >= refresh_due) begin
                channel.refresh(now);
                refresh_due += refi;
            end
            if (writing) writing = writes.size() > 0 && !(longint'(writes.size()) <= write_low && ports.size() > 0);
            else writing = longint'(writes.size()) >= write_high || (ports.size() == 0 && writes.size() > 0);
            if (channel.column >= now + CLOCKS * lookahead) return;
            if (writing) void'(channel.access(now, writes.pop_front(), 1'b1));
            else if (ports.size() > 0) begin
                finish = channel.access(now, first_line[0], 1'b0);
                there[ports[0]].push_back((finish + CLOCKS - 1) / CLOCKS);
                if (first_line[0] == last_line[0]) begin
                    void'(ports.pop_front());
                    void'(first_line.pop_front());
                    void'(last_line.pop_front());
                end else first_line[0] = first_line[0] + 1;
            end
        endfunction

        function void statistics();
            int file;
            string name;
            if ($value$plusargs("ddr4_statistics=%s", name)) begin
                file = $fopen(name, "w");
                if (file == 0) $fatal(1, "ddr4: cannot open +ddr4_statistics=%s", name);
                $fwrite(file, "{\"hits\": %0d, \"misses\": %0d, \"conflicts\": %0d, \"reads\": %0d, \"writes\": %0d",
                        channel.hits, channel.misses, channel.conflicts, channel.reads, channel.writes);
                $fwrite(file, ", \"turns\": %0d, \"refreshes\": %0d, \"bank_busy\": %0d, \"any_busy\": %0d}\n",
                        channel.turns, channel.refreshes, channel.bank_busy, channel.any_busy);
                $fclose(file);
            end
        endfunction
    endclass
endpackage
