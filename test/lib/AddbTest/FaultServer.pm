package AddbTest::FaultServer;

# Starts test/servers/fault_server.py and talks to it.

use strict;
use warnings;

use Carp qw(croak);
use HTTP::Tiny;
use IPC::Open2 qw(open2);

# Options: mode => 'script' | 'blackhole' | 'backlog' | 'tls',
# certificate => ..., tls_max => '1.2' (both with tls), upstream => URL, or 1 for
# DynamoDB Local, log => a file for the requests instead of log().
sub new
{
	my ($class, %option) = @_;

	my @command = ('python3', "$ENV{ADDB_ROOT}/test/servers/fault_server.py");
	my $upstream = $option{upstream};
	$upstream = AddbTest::endpoint() if defined $upstream && $upstream eq '1';
	push @command, '--upstream', $upstream if defined $upstream;
	push @command, "--$_", $option{$_} for grep { defined $option{$_} } qw(mode certificate port log);
	push @command, '--tls-max', $option{tls_max} if defined $option{tls_max};
	my $self = bless { mode => $option{mode} // 'script', owner => $$ }, $class;
	$self->{pid} = open2($self->{from}, $self->{to}, @command);
	my $line = readline $self->{from};
	croak 'the fault server did not start' unless defined $line && $line =~ /^PORT (\d+)$/;
	$self->{port} = $1;
	if ($self->{mode} eq 'tls')
	{
		$line = readline $self->{from};
		($self->{ca_file}) = $line =~ /^CA (.*)$/;
	}
	return $self;
}

sub port
{
	return $_[0]{port};
}

sub url
{
	my ($self) = @_;
	return ($self->{mode} eq 'tls' ? 'https' : 'http') . "://127.0.0.1:$self->{port}";
}

# With mode tls: the file that holds the certificate to trust.
sub ca_file
{
	return $_[0]{ca_file};
}

# What sql() and session() take as set => to send requests here.
sub settings
{
	my ($self, %more) = @_;
	return { 'atomic_dynamodb.endpoint_url' => $self->url, %more };
}

sub control
{
	my ($self, $method, $path, $body) = @_;

	my $reply = HTTP::Tiny->new(timeout => 10, verify_SSL => 0)
	  ->request($method, $self->url . $path, defined $body ? { content => $body } : {});
	croak "fault server, $path: $reply->{status} $reply->{content}" unless $reply->{success};
	return AddbTest::from_json($reply->{content});
}

# Replaces the list of steps; each is a hash as fault_server.py describes.
sub script
{
	my ($self, @steps) = @_;
	return $self->control('PUT', '/__script', AddbTest::to_json(\@steps));
}

# Gives the requests that have no step faults at random: a seed, and names (of
# random_faults.py) with their probabilities. Without names it ends.
sub random
{
	my ($self, $seed, %faults) = @_;
	return $self->control('PUT', '/__random', AddbTest::to_json({ seed => $seed, faults => { map { $_ => 0 + $faults{$_} } keys %faults } }));
}

# Steps for a "script" in the words of vectors/aws/retry.json.
sub vector_steps
{
	my ($class, @script) = @_;

	my %transport = (
		close_without_reply => { close_without_reply => 1 },
		cut_body => { cut_body => 5 },
		no_reply_until_timeout => { hang => 1 });
	return map
	{
		my %word = %$_;
		my $body = $word{text} // $word{body} // {};
		$word{transport} ? $transport{ $word{transport} }
		  : { reply => { status => $word{status}, headers => $word{headers} // {}, body => $body } }
	} @script;
}

# Passes on the requests that were held up by steps with late; returns the HTTP
# statuses of the answers.
sub deliver_late
{
	return @{ $_[0]->control('PUT', '/__late', '') };
}

# Forgets the requests seen and the steps left.
sub reset
{
	return $_[0]->control('PUT', '/__reset', '');
}

# The requests since reset: a list of hashes (operation, body, headers, time,
# connection, step). With an operation's name, only those.
sub log
{
	my ($self, $operation) = @_;

	my $log = $self->control('GET', '/__log');
	return grep { !defined $operation || $_->{operation} eq $operation } @$log;
}

# How many requests since reset, of all or of one operation.
sub count
{
	my ($self, $operation) = @_;
	my @log = $self->log($operation);
	return scalar @log;
}

# { requests, connections, open, steps_left }
sub counts
{
	return $_[0]->control('GET', '/__count');
}

# Waits until that many requests have come in; returns whether they did.
sub wait_for_requests
{
	my ($self, $wanted, $seconds) = @_;

	for (1 .. ($seconds // 10) * 50)
	{
		return 1 if $self->counts->{requests} >= $wanted;
		select undef, undef, undef, 0.02;
	}
	return 0;
}

sub stop
{
	my ($self) = @_;

	my $pid = delete $self->{pid} or return;
	return if $$ != $self->{owner};
	kill TERM => $pid;
	close $self->{to};
	close $self->{from};
	waitpid $pid, 0;
	return;
}

sub DESTROY
{
	local ($@, $?, $!);
	$_[0]->stop;
	return;
}

1;
