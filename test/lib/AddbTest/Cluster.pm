package AddbTest::Cluster;

# A Postgres cluster of a test's own, for what the shared one cannot be asked
# for: another environment, settings of the postmaster, a crash. It has the
# extension in its database "postgres" and stops when the object goes.

use strict;
use warnings;

use AddbTest ();
use Carp qw(croak);
use File::Temp ();
use IPC::Run ();

# Options: environment => { name => value } and conf => { parameter => value }.
# No setting of atomic_dynamodb is made.
sub new
{
	my ($class, %option) = @_;

	my $self = bless { owner => $$, directory => File::Temp->newdir }, $class;
	$self->{data} = "$self->{directory}/data";
	$self->{log} = "$self->{directory}/log";
	run_quietly(qw(initdb --no-sync --auth=trust --encoding=UTF8 --locale=C.UTF-8
		--username=postgres --pgdata), $self->{data});
	$self->configure(
		listen_addresses => '',
		unix_socket_directories => "$self->{directory}",
		port => 5432,
		max_connections => 20,
		shared_buffers => '16MB',
		fsync => 'off',
		%{ $option{conf} // {} });
	$self->{environment} = $option{environment} // {};
	$self->start;
	$self->inside(sub { AddbTest::sql('CREATE EXTENSION atomic_dynamodb') });
	return $self;
}

sub run_quietly
{
	my (@command) = @_;

	my $out = '';
	IPC::Run::run(\@command, '<', \undef, '>&', \$out) or croak "$command[0]: $out";
	return;
}

sub configure
{
	my ($self, %conf) = @_;

	open my $file, '>>', "$self->{data}/postgresql.conf" or croak $!;
	print $file map { "$_ = '$conf{$_}'\n" } sort keys %conf;
	close $file or croak $!;
	return;
}

# Starts the postmaster, again if the last one has been killed.
sub start
{
	my ($self) = @_;

	local %ENV = (%ENV, %{ $self->{environment} });
	eval { $self->{postmaster}->finish } if $self->{postmaster};
	$self->{postmaster} = IPC::Run::start(
		[ qw(setpriv --pdeathsig INT -- postgres -D), $self->{data} ],
		'<', \undef, '>>', $self->{log}, '2>&1');
	$self->wait_until_ready;
	return;
}

# The process id of the postmaster.
sub pid
{
	my ($self) = @_;

	open my $file, '<', "$self->{data}/postmaster.pid" or croak $!;
	chomp(my $pid = <$file>);
	return $pid;
}

# The process ids of what the postmaster has started and is named in its views.
sub processes
{
	my ($self) = @_;
	return $self->inside(sub { split /\n/, AddbTest::sql('SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()') });
}

# Waits until the cluster takes connections, again after a crash.
sub wait_until_ready
{
	my ($self, $seconds) = @_;

	for (1 .. ($seconds // 60) * 20)
	{
		return if $self->inside(sub { IPC::Run::run([ 'pg_isready', '-q' ], '<', \undef) });
		select undef, undef, undef, 0.05;
	}
	croak 'the cluster does not start: ' . $self->log;
}

# Runs code whose sql() and sessions go to this cluster.
sub inside
{
	my ($self, $code) = @_;

	local %ENV = (%ENV, PGHOST => "$self->{directory}", PGPORT => 5432,
		PGUSER => 'postgres', PGDATABASE => 'postgres');
	return $code->();
}

# What the server has logged so far.
sub log
{
	my ($self) = @_;

	open my $file, '<', $self->{log} or croak $!;
	local $/;
	return scalar(<$file>) // '';
}

sub stop
{
	my ($self) = @_;

	my $postmaster = delete $self->{postmaster} or return;
	return if $$ != $self->{owner};
	eval { $postmaster->signal('INT') };
	eval { $postmaster->finish };
	return;
}

sub DESTROY
{
	local ($@, $?, $!);
	$_[0]->stop;
	return;
}

1;
