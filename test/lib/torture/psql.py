"""One backend, through psql, that may go away at any moment and comes back."""

import select
import subprocess
import time

LOST = 'lost'
GIVE_UP_AFTER = 90


class Hang(Exception):
    """A statement did not end within its time."""


class Answer:
    """What a statement came to: its SQLSTATE ('00000' is success, LOST a
    connection that has gone), its rows, and the text of its error."""

    def __init__(self, sqlstate, rows, error, seconds):
        self.sqlstate = sqlstate
        self.rows = rows
        self.error = error
        self.seconds = seconds

    @property
    def ok(self):
        return self.sqlstate == '00000'


class Psql:
    """settings: statements to begin every session with."""

    def __init__(self, settings):
        self.settings = settings
        self.process = None
        self.pid = None
        self.serial = 0
        self.reconnects = 0

    def connect(self):
        deadline = time.monotonic() + GIVE_UP_AFTER
        while True:
            self.close()
            self.process = subprocess.Popen(
                ['psql', '-XqAt', '-v', 'ON_ERROR_STOP=0', '-v', 'VERBOSITY=verbose'],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            answer = self.ask('SELECT pg_backend_pid()', 30)
            if answer.ok and all(self.ask(line, 30).ok for line in self.settings):
                self.pid = int(answer.rows[0])
                self.reconnects += 1
                return
            if time.monotonic() > deadline:
                raise Hang(f'the server takes no connections: {answer.error}')
            time.sleep(0.2)

    def close(self):
        self.pid = None
        if self.process:
            self.process.kill()
            self.process.communicate()
            self.process = None

    def run(self, sql, limit):
        """Runs one statement, in a session that is made if there is none."""
        if self.process is None:
            self.connect()
        answer = self.ask(sql, limit)
        if answer.sqlstate == LOST:
            self.close()
        return answer

    def ask(self, sql, limit):
        self.serial += 1
        start = time.monotonic()
        text = ' '.join(sql.split('\n'))
        script = f'{text};\n\\echo end-{self.serial} :SQLSTATE\n'
        try:
            self.process.stdin.write(script.encode())
            self.process.stdin.flush()
        except OSError:
            return Answer(LOST, [], 'psql has gone', time.monotonic() - start)
        output = self.read_until(f'end-{self.serial} '.encode(), start + limit, sql)
        seconds = time.monotonic() - start
        body, found, rest = output.rpartition(f'end-{self.serial} ')
        if not found:
            return Answer(LOST, [], output, seconds)
        sqlstate = rest.strip()
        if sqlstate == '00000':
            return Answer(sqlstate, body.splitlines(), '', seconds)
        if 'server closed the connection' in body or 'connection to server was lost' in body:
            sqlstate = LOST
        return Answer(sqlstate, [], body, seconds)

    def read_until(self, mark, deadline, sql):
        output = b''
        stdout = self.process.stdout
        while True:
            at = output.find(mark)
            if at >= 0 and output.find(b'\n', at) >= 0:
                return output.decode()
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([stdout], [], [], left)[0]:
                raise Hang(f'no end after {time.monotonic() - deadline + left:.0f} s more than allowed: {sql[:300]}')
            piece = stdout.read1(65536)
            if not piece:
                return output.decode()
            output += piece
