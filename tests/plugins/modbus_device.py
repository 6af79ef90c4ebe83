"""A Modbus/TCP device for tests: holding registers, and units that misbehave.

Unit 1 and 17 are good. Addresses from 1000 on are no registers (exception 2). Unit 2 is always busy (6), unit 3 never answers, unit 4
answers another function, unit 5 breaks off within its answer, unit 6 sends what is no frame, unit 7 takes 200 ms.
"""
import socket
import socketserver
import struct
import threading
import time


class Device(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self):
        self.registers = {}
        self.connections = 0
        self.requests = 0
        super().__init__(("127.0.0.1", 0), Talk)
        self.thread = threading.Thread(target=self.serve_forever, args=(0.05,))

    @property
    def address(self):
        return "127.0.0.1:%d" % self.server_address[1]

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.thread.join()
        self.server_close()


class Talk(socketserver.BaseRequestHandler):
    def take(self, count):
        data = b""
        while len(data) < count:
            more = self.request.recv(count - len(data))
            if not more:
                return None
            data += more
        return data

    def handle(self):
        self.server.connections += 1
        while True:
            head = self.take(7)
            if head is None:
                return
            transaction, protocol, length, unit = struct.unpack(">HHHB", head)
            assert protocol == 0 and 2 <= length <= 254
            pdu = self.take(length - 1)
            if pdu is None:
                return
            self.server.requests += 1
            if unit == 3:
                continue
            if unit == 7:
                time.sleep(0.2)
            answer = bytes([pdu[0] | 0x80, 6]) if unit == 2 else self.answer(pdu)
            if unit == 4:
                answer = b"\x01" + answer[1:]
            frame = struct.pack(">HHHB", transaction, 0, len(answer) + 1, unit) + answer
            if unit == 5:
                self.request.sendall(frame[:-1])
                self.request.shutdown(socket.SHUT_RDWR)
                return
            if unit == 6:
                frame = b"SSH-2.0-OpenSSH_9.2\r\n"
            self.request.sendall(frame)

    def answer(self, pdu):
        function, address, third = struct.unpack(">BHH", pdu[:5])
        registers = self.server.registers
        if address + (1 if function == 6 else third) > 1000:
            return bytes([function | 0x80, 2])
        if function in (3, 4):
            return struct.pack(">BB", function, third * 2) + b"".join(struct.pack(">H", registers.get(address + i, 0)) for i in range(third))
        if function == 6:
            registers[address] = third
            return pdu[:5]
        assert function == 16 and pdu[5] == third * 2 and len(pdu) == 6 + third * 2
        for i in range(third):
            registers[address + i] = struct.unpack(">H", pdu[6 + 2 * i:8 + 2 * i])[0]
        return pdu[:5]
