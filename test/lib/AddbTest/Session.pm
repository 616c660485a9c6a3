package AddbTest::Session;

# One backend, held open through psql, that can be left waiting while the test
# does something else.

use strict;
use warnings;

use Carp qw(croak);
use IPC::Run ();
use Time::HiRes qw(time);

# Options as for AddbTest::sql: dbname, user, set, timeout.
sub new
{
	my ($class, %option) = @_;

	my $self = bless {
		in => '', out => '', err => '', serial => 0,
		timeout => $option{timeout} // $AddbTest::TIMEOUT,
	}, $class;
	$self->{timer} = IPC::Run::timeout($self->{timeout});
	$self->{run} = IPC::Run::start([ AddbTest::psql_command(%option, stop => 0) ],
		'<', \$self->{in}, '>', \$self->{out}, '2>', \$self->{err}, $self->{timer});
	$self->{pid} = $self->query("\\set VERBOSITY verbose\n\\set SHOW_CONTEXT never\n"
		  . AddbTest::settings_sql($option{set})
		  . 'SELECT pg_backend_pid();');
	return $self;
}

# The process id of the backend.
sub pid
{
	return $_[0]{pid};
}

# Sends SQL without waiting for its end; finish() does that.
sub send
{
	my ($self, $query) = @_;

	croak 'the session is still busy' if $self->{sentinel};
	$self->{sentinel} = sprintf 'addb-end-%d-%d', $$, ++$self->{serial};
	utf8::encode($query);
	$query .= ';' unless $query =~ /(?:;|^\\.*)\s*\z/m;
	$self->{in} .= "$query\n\\echo $self->{sentinel}\n\\warn $self->{sentinel}\n";
	$self->{started} = time;
	$self->{run}->pump_nb;
	return;
}

# Waits for what send() began. Returns what it printed; elapsed() and error()
# tell the rest. An end of the connection is an end too.
sub finish
{
	my ($self, $timeout) = @_;

	my $sentinel = $self->{sentinel} // croak 'the session is not busy';
	$self->{timer}->start($timeout // $self->{timeout});
	until (($self->{out} =~ /^\Q$sentinel\E$/m && $self->{err} =~ /^\Q$sentinel\E$/m)
		|| !$self->{run}->pumpable)
	{
		eval { $self->{run}->pump; 1 } or $self->pump_failed($@);
	}
	$self->{elapsed} = time - $self->{started};
	$self->{timer}->reset;
	delete $self->{sentinel};
	my ($out, $err) = map { AddbTest::from_utf8($_) } @$self{qw(out err)};
	$self->{out} = $self->{err} = '';
	s/^\Q$sentinel\E\n.*//ms for $out, $err;
	chomp $out;
	$self->{stderr} = $err;
	return $out;
}

sub pump_failed
{
	my ($self, $reason) = @_;

	return unless $self->{run}->pumpable || $reason =~ /timeout/i;
	$self->{run}->kill_kill(grace => 1);
	croak "session: $reason (stderr: $self->{err})";
}

# Runs SQL and returns its output; an error is the end of the test file.
sub query
{
	my ($self, $query, $timeout) = @_;

	$self->send($query);
	my $out = $self->finish($timeout);
	croak "$self->{stderr}\nin: " . AddbTest::excerpt($query)
	  if $self->{stderr} =~ /^(?:ERROR|FATAL|PANIC):/m || $self->dead;
	return $out;
}

# Runs SQL that is to fail and returns (sqlstate, message, detail, hint), or an
# empty list.
sub query_error
{
	my ($self, $query, $timeout) = @_;

	$self->send($query);
	$self->finish($timeout);
	return $self->error;
}

# The error of the last query as (sqlstate, message, detail, hint).
sub error
{
	return AddbTest::parse_error($_[0]{stderr});
}

# Everything the last query sent to stderr, notices included.
sub stderr
{
	return $_[0]{stderr};
}

# Seconds between the last send() and the end of finish().
sub elapsed
{
	return $_[0]{elapsed};
}

# Whether psql has gone, as it does when its connection is terminated.
sub dead
{
	return !$_[0]{run}->pumpable;
}

# Cancels or terminates the session's backend, from another one.
sub cancel
{
	return AddbTest::sql("SELECT pg_cancel_backend($_[0]{pid})");
}

sub terminate
{
	return AddbTest::sql("SELECT pg_terminate_backend($_[0]{pid})");
}

# Waits until the backend waits for the event named (a pattern matched against
# wait_event_type/wait_event), and returns whether it came to that.
sub wait_for_event
{
	my ($self, $pattern, $timeout) = @_;

	my $deadline = time + ($timeout // 10);
	while (time < $deadline)
	{
		my $event = AddbTest::sql("SELECT wait_event_type || '/' || wait_event "
			  . "FROM pg_stat_activity WHERE pid = $self->{pid}");
		return 1 if $event =~ $pattern;
		select undef, undef, undef, 0.02;
	}
	return 0;
}

sub close
{
	my ($self) = @_;

	my $run = delete $self->{run} or return;
	$self->{in} .= "\\q\n" unless $self->{sentinel};
	eval { $run->kill_kill(grace => 1) } if $self->{sentinel};
	eval { $run->finish };
	return;
}

sub DESTROY
{
	local ($@, $?);
	$_[0]->close;
	return;
}

1;
