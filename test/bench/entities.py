"""Entity actions: what it takes to make a request of one, sending apart."""

from common import Backend, Side, bare, heading, measure, show_figure

N = 10000


def run(rounds):
    with Backend() as backend:
        side = Side('ddb_params of an MI6 create', 'us',
                    lambda: int(backend.row(f'SELECT bench.params({N})')[0]) / N / 1000)
        measure({'params': side}, rounds)
    heading('7. an entity action made a request')
    show_figure('ddb_params of an MI6 create, the first call of a session apart', side.median(), 'us', ('<=', 60))
    bare(side)
